import { hostname } from "node:os";
import { join } from "node:path";
import { type Access, createAccess } from "../access/index.ts";
import type { ObjectStore } from "../blobs/index.ts";
import type { Config } from "../config/index.ts";
import { type Database, migrate } from "../db/index.ts";
import { AuditLog, Events } from "../events/index.ts";
import { JobQueue, Schedules } from "../jobs/index.ts";
import { hour, systemClock } from "../kernel/index.ts";
import { createProjects, type ProjectServices } from "../projects/index.ts";
import { createRegistry, type Registry } from "../registry/index.ts";
import {
  createExceptions,
  createFeeds,
  createScan,
  createScanners,
  createScanOrders,
  type ExceptionServices,
  type Feeds,
  ownScannerOf,
  Sboms,
  type Scan,
  type Scanners,
  type ScanOrders,
} from "../scan/index.ts";
import { createTrust, type Trust } from "../trust/index.ts";
import { Verdicts } from "../verdict/index.ts";
import { feedsOf, maxAgeOf } from "./configured-feeds.ts";
import { openDatabase } from "./database.ts";
import { registryUrls, scannerProxies } from "./scanner-addresses.ts";
import { installationSecret, requireSameSecret } from "./secret.ts";
import { openStorage } from "./storage.ts";
import { trustHosts } from "./trust-hosts.ts";

/** The `service` of the registry's tokens, by Harbor's name for it. */
export const tokenService = "harbor-registry";

/** Every room, furnished: what requests, jobs and the command line work with. */
export interface Services extends AsyncDisposable {
  readonly database: Database;
  readonly objects: ObjectStore;
  readonly audit: AuditLog;
  readonly access: Access;
  readonly projects: ProjectServices;
  readonly registry: Registry;
  readonly trust: Trust;
  readonly exceptions: ExceptionServices;
  readonly scan: Scan;
  readonly feeds: Feeds;
  readonly scanners: Scanners;
  readonly orders: ScanOrders;
  readonly sboms: Sboms;
  readonly verdicts: Verdicts;
  readonly queue: JobQueue;
  readonly schedules: Schedules;
}

/** The one place that chooses drivers and builds the rooms from the configuration. */
export async function openServices(config: Config): Promise<Services> {
  const clock = systemClock;
  const database = await openDatabase(config);
  await migrate(database);
  const objects = await openStorage(config.storage);
  const audit = new AuditLog(database, clock);
  const secret = await installationSecret(config);
  await requireSameSecret(database, secret);
  const access = createAccess({
    database,
    audit,
    clock,
    secret,
    robotPrefix: config.robotNamePrefix,
    token: { issuer: "harbor-token-issuer", service: tokenService, lifetime: config.token.expiresIn },
    sessionLifetime: hour,
  });
  const queue = new JobQueue(database, clock);
  const events = new Events();
  const hosts = trustHosts(config);
  const trust = createTrust({ database, audit, clock, secret, events, hosts });
  const exceptions = createExceptions({ database, objects, audit, clock, events, hosts });
  const registry = createRegistry(database, objects, audit, clock, config.gc.grace, events);
  const scan = createScan({
    database,
    objects,
    audit,
    clock,
    events,
    folder: join(config.dataVolume, "scan"),
    maxAge: maxAgeOf(config),
  });
  const { host } = new URL(config.externalUrl);
  const scanners = createScanners({
    database,
    objects,
    audit,
    clock,
    events,
    access,
    registry,
    own: ownScannerOf(scan.images, host),
    secret,
    registryUrl: registryUrls(config),
    proxy: scannerProxies(config),
  });
  const { registries, caBundle } = config.scan.adapter;
  const orders = createScanOrders({
    database,
    clock,
    secret,
    registries,
    caBundle,
    proxy: scannerProxies(config),
    current: () => scan.vulnerabilities.current(),
    maxAge: maxAgeOf(config),
  });
  return {
    database,
    objects,
    audit,
    access,
    projects: createProjects(database, audit, clock, access.robots, events, hosts),
    registry,
    scan,
    feeds: createFeeds({
      database,
      shelf: scan.shelf,
      audit,
      clock,
      feeds: feedsOf(config),
      maxAge: maxAgeOf(config),
      who: `${hostname()} (process ${process.pid})`,
    }),
    scanners,
    orders,
    sboms: new Sboms({
      database,
      objects,
      inventory: (id) => scan.images.inventory(id),
      registry: host,
    }),
    trust,
    exceptions,
    verdicts: new Verdicts({
      database,
      objects,
      trust,
      scan: { reports: scanners.reports, lifting: exceptions.lifting },
      clock,
    }),
    queue,
    schedules: new Schedules(database, queue, clock),
    [Symbol.asyncDispose]: () => database.close(),
  };
}
