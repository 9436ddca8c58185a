import { FileSystemStore, type ObjectStore } from "../../src/blobs/index.ts";
import { AuditLog, AuditReader, Events } from "../../src/events/index.ts";
import { type Api, type ApiServices, createApi } from "../../src/http/api/index.ts";
import { JobQueue, Schedules } from "../../src/jobs/index.ts";
import { systemCaller } from "../../src/kernel/index.ts";
import { createRegistry, type Registry } from "../../src/registry/index.ts";
import {
  createExceptions,
  createScanners,
  type ExceptionServices,
  Sboms,
  type Scanners,
  SecurityHub,
} from "../../src/scan/index.ts";
import type { ImageInventory } from "../../src/scan/inventory/package.ts";
import { createTrust, type Trust } from "../../src/trust/index.ts";
import { Verdicts } from "../../src/verdict/index.ts";
import { type Fixture, openFixture } from "../projects/fixture.ts";
import { WrittenScanner } from "../scan/scanners/own-scanner.ts";
import type { OpenDatabase } from "../support/engines.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { FakeReports } from "../verdict/fake-reports.ts";

export const password = "Secret-12345";
/** What images' names begin with. */
export const host = "registry.example:8443";
export const certificate = "-----BEGIN CERTIFICATE-----\n";

export interface ApiFixture extends AsyncDisposable {
  readonly rooms: Fixture;
  readonly objects: ObjectStore;
  readonly registry: Registry;
  readonly scanners: Scanners;
  /** The built-in scanner. */
  readonly own: WrittenScanner;
  /** What it has seen in images, by the manifests' ids: tests write it. */
  readonly inventories: Map<number, ImageInventory>;
  readonly audit: AuditLog;
  readonly trust: Trust;
  readonly exceptions: ExceptionServices;
  /** What scanners have reported, by the manifests' ids: tests write it. */
  readonly reports: FakeReports;
  readonly verdicts: Verdicts;
  readonly queue: JobQueue;
  readonly schedules: Schedules;
  readonly api: Api;
  /** Makes a user and answers a client that is logged in as them. */
  user(name: string): Promise<Client>;
  /** Makes a robot account of the system with these permissions, written `<namespace> <resource>:<action>`. */
  robot(name: string, ...permissions: string[]): Promise<Client>;
  readonly admin: Client;
  readonly anonymous: Client;
}

/** Sends requests as somebody. Bodies are objects, sent as JSON. */
export interface Client {
  readonly name: string;
  readonly id: number;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  head(path: string): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  put(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  patch(path: string, body: unknown): Promise<Response>;
  delete(path: string): Promise<Response>;
}

/** The whole API on a database of its own, without a socket. `change` replaces some of its services. */
export async function openApi(open: OpenDatabase, change: Partial<ApiServices> = {}): Promise<ApiFixture> {
  const events = new Events();
  const rooms = await openFixture(open, events);
  const { access, database } = rooms;
  const directory = await temporaryDirectory("registry");
  const clock = () => rooms.clock.now;
  const audit = new AuditLog(database, clock);
  const objects = new FileSystemStore(directory.path);
  const reports = new FakeReports();
  const registry = createRegistry(database, objects, audit, clock, undefined, events);
  const secret = new Uint8Array(64).fill(7);
  const trust = createTrust({ database, audit, clock, secret, events, hosts: [host] });
  const exceptions = createExceptions({ database, objects, audit, clock, events, hosts: [host] });
  const { lifting } = exceptions;
  const verdicts = new Verdicts({ database, objects, trust, scan: { reports, lifting }, clock });
  const own = new WrittenScanner();
  const inventories = new Map<number, ImageInventory>();
  const registryUrl = { external: `https://${host}`, internal: `https://${host}` };
  const scanners = createScanners({
    database,
    objects,
    audit,
    clock,
    events,
    access,
    registry,
    own,
    secret,
    registryUrl,
    proxy: () => undefined,
  });
  const queue = new JobQueue(database, clock);
  const schedules = new Schedules(database, queue, clock);
  const api = createApi({
    ...rooms,
    access,
    registry,
    scanners,
    hub: new SecurityHub(database.read, () => null),
    sboms: new Sboms({
      database,
      objects,
      inventory: async (id) => inventories.get(id) ?? null,
      registry: host,
    }),
    feeds: { overview: async () => ({ version: null, builtAt: null, since: null, feeds: [] }) },
    trust,
    exceptions,
    verdicts,
    audit,
    auditReader: new AuditReader(database),
    queue,
    schedules,
    clock,
    caCertificate: certificate,
    settings: {
      version: "0.1.0",
      externalUrl: `https://${host}`,
      storageProvider: "filesystem",
      robotNamePrefix: "robot$",
      tokenLifetime: 30,
      sessionLifetime: 60,
    },
    healthChecks: [],
    storageCapacity: async () => ({ total: 1000, free: 400 }),
    ...change,
  });
  await access.users.ensureAdmin(password);
  return {
    rooms,
    objects,
    registry,
    scanners,
    own,
    inventories,
    audit,
    trust,
    exceptions,
    reports,
    verdicts,
    queue,
    schedules,
    api,
    admin: client(api, "admin", 1, password),
    anonymous: client(api, "anonymous", 0, null),
    user: async (username) => {
      const profile = { email: `${username}@example.com`, realname: username, comment: "" };
      const { id } = await access.users.create(systemCaller, { username, password, ...profile });
      return client(api, username, id, password);
    },
    robot: async (name, ...permissions) => {
      const { robot, secret } = await access.robots.create(systemCaller, {
        name,
        description: "",
        duration: -1,
        disabled: false,
        project: null,
        permissions: permissions.map(toPermission),
      });
      return client(api, robot.name, robot.id, secret);
    },
    [Symbol.asyncDispose]: async () => {
      await rooms[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** The code of a refusal, with its status: `404 NOT_FOUND`. */
export async function refusalOf(response: Response): Promise<string> {
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  const [error] = errors;
  if (!error?.message) throw new Error(`A refusal without a sentence, with status ${response.status}`);
  return `${response.status} ${error.code}`;
}

/** The names of the things in a list. */
export async function namesIn(response: Response): Promise<string[]> {
  const items = (await response.json()) as Record<string, string>[];
  return items.map((item) => item.name ?? item.username ?? item.entity_name ?? "");
}

function client(api: Api, name: string, id: number, secret: string | null): Client {
  const authorization = secret === null ? {} : { authorization: `Basic ${btoa(`${name}:${secret}`)}` };
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const content = body === undefined ? {} : { "content-type": "application/json" };
    const init: RequestInit = { method, headers: { ...authorization, ...content, ...headers } };
    if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body);
    return api.request(`/api/v2.0${path}`, init, { address: "192.0.2.7", requestId: "r7", secure: true });
  };
  return {
    name,
    id,
    get: (path, headers) => send("GET", path, undefined, headers),
    head: (path) => send("HEAD", path),
    post: (path, body, headers) => send("POST", path, body, headers),
    put: (path, body, headers) => send("PUT", path, body, headers),
    patch: (path, body) => send("PATCH", path, body),
    delete: (path) => send("DELETE", path),
  };
}

function toPermission(text: string) {
  const [namespace = "", right = ""] = text.split(" ");
  const [resource = "", action = ""] = right.split(":");
  return {
    kind: namespace === "/" ? ("system" as const) : ("project" as const),
    namespace,
    resource,
    action,
  };
}
