import { join } from "node:path";
import type { Server } from "bun";
import { sql } from "kysely";
import type { Config } from "../config/index.ts";
import { AuditReader } from "../events/index.ts";
import {
  type ApiServices,
  createApi,
  createHandler,
  createScannerRoutes,
  createSessionRoutes,
  createTokenRoutes,
  type Logger,
  type Metrics,
} from "../http/index.ts";
import { hour, minute, Networks, systemClock } from "../kernel/index.ts";
import {
  certificateNames,
  ensureAuthority,
  ensureServerCertificate,
  RenewableListener,
  readServerCertificate,
  type ServerCertificate,
  watchCertificate,
} from "../pki/index.ts";
import { type Services, tokenService } from "./services.ts";
import { storageCapacity } from "./storage.ts";
import { trustApi } from "./trust.ts";

/** Seconds without a byte in either direction after which a connection is closed. */
const idleTimeout = 120;
/** How long a graceful stop waits for requests; their uploads can be resumed after it. */
const drainTime = 20_000;

export interface Listeners {
  stop(): Promise<void>;
}

/** Opens the listeners that the configuration asks for. Several processes may share their ports. */
export async function openListeners(
  config: Config,
  services: Services,
  log: Logger,
  metrics: Metrics,
  version: string,
): Promise<Listeners> {
  const { access, audit, projects, registry } = services;
  const api = createApi(await apiServices(config, services, version));
  const { tuf, trustTokens } = trustApi(config, services, metrics);
  const others = [
    createTokenRoutes({
      access,
      service: tokenService,
      trust: trustTokens,
      grants: (principal, project, repository) =>
        projects.rights.repositoryActions(principal, project, repository),
    }),
    createSessionRoutes(access),
    createScannerRoutes({ access, audit, rights: projects.rights, orders: services.orders }),
  ];
  const oci = {
    access,
    audit,
    registry,
    verdicts: services.verdicts,
    rights: projects.rights,
    externalUrl: config.externalUrl,
    tokenService,
  };
  const proxies = new Networks(config.trustedProxies);
  const handler = (secure: boolean, tufOnly = false) =>
    createHandler({ oci, tuf, tufOnly, api, others, log, metrics, secure, proxies });
  const common = {
    hostname: config.address,
    idleTimeout,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
  } as const;

  const open: { stop(force?: boolean): Promise<void> }[] = [];
  if (config.https !== null) {
    const { port } = config.https;
    const load = certificateLoader(config);
    const current = await load();
    const listeners = [
      new RenewableListener(current, { ...common, port, fetch: handler(true) }),
      new RenewableListener(current, { ...common, port: config.notary.port, fetch: handler(true, true) }),
    ];
    const watch = watchCertificate({
      current,
      load,
      onChange: (next) => {
        for (const listener of listeners) listener.replace(next);
        log.info({ names: next.names, until: new Date(next.notAfter) }, "The certificate was exchanged.");
      },
      onFailure: (error) =>
        log.error({ err: error }, "The new certificate cannot be used; the old one stays."),
      ...(config.https.certificate === null ? { interval: hour } : {}),
    });
    process.on("SIGHUP", () => void watch.check());
    open.push(...listeners);
  }
  if (config.http !== null) {
    const { port } = config.http;
    const fetch = config.https === null ? handler(false) : redirectTo(config.externalUrl);
    open.push(Bun.serve({ ...common, port, fetch, reusePort: true }));
    if (config.https === null) {
      const { port } = config.notary;
      open.push(Bun.serve({ ...common, port, fetch: handler(false, true), reusePort: true }));
    }
  }
  return {
    async stop() {
      const drained = Promise.all(open.map((listener) => listener.stop()));
      await Promise.race([drained, Bun.sleep(drainTime)]);
      await Promise.all(open.map((listener) => listener.stop(true)));
    },
  };
}

function certificateLoader(config: Config): () => Promise<ServerCertificate> {
  const { certificate = null, privateKey = null } = config.https ?? {};
  if (certificate !== null && privateKey !== null)
    return () => readServerCertificate(certificate, privateKey);
  const directory = authorityDirectory(config);
  return async () =>
    ensureServerCertificate({
      directory,
      authority: await ensureAuthority(directory),
      names: certificateNames(config),
    });
}

export function authorityDirectory(config: Config): string {
  return join(config.dataVolume, "ca");
}

/** RFC 9110, section 15.4.9: the method and body stay what they were. */
function redirectTo(externalUrl: string) {
  return (request: Request, _server: Server<unknown>): Response => {
    // The Host, which may be missing or wrong, does not matter for where to go.
    const target = request.url.replace(/^https?:\/\/[^/]*/, "");
    return new Response(null, { status: 308, headers: { Location: `${externalUrl}${target}` } });
  };
}

async function apiServices(config: Config, services: Services, version: string): Promise<ApiServices> {
  const {
    database,
    access,
    projects,
    objects,
    registry,
    trust,
    exceptions,
    feeds,
    scanners,
    sboms,
    scan,
    verdicts,
    audit,
    queue,
    schedules,
  } = services;
  const ownAuthority = config.https !== null && config.https.certificate === null;
  return {
    ...projects,
    access,
    registry,
    trust,
    exceptions,
    feeds,
    scanners,
    sboms,
    hub: scan.hub,
    verdicts,
    audit,
    auditReader: new AuditReader(database),
    queue,
    schedules,
    clock: systemClock,
    caCertificate: ownAuthority ? (await ensureAuthority(authorityDirectory(config))).certificate : null,
    settings: {
      version,
      externalUrl: config.externalUrl,
      storageProvider: config.storage.driver,
      robotNamePrefix: config.robotNamePrefix,
      tokenLifetime: config.token.expiresIn / 60,
      sessionLifetime: hour / minute,
    },
    healthChecks: [
      { name: "core", check: async () => {} },
      {
        name: "database",
        check: async () => {
          await sql`select 1`.execute(database.read);
        },
      },
      { name: "registry", check: () => objects.probe() },
    ],
    storageCapacity: () => storageCapacity(config.storage, config.dataVolume),
  };
}
