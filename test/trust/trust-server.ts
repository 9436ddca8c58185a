import { readFileSync } from "node:fs";
import type { Database } from "../../src/db/index.ts";
import { AuditLog } from "../../src/events/index.ts";
import { Exchange } from "../../src/http/exchange.ts";
import { handleTuf } from "../../src/http/tuf/routes.ts";
import type { TufServices } from "../../src/http/tuf/services.ts";
import { type Caller, Networks } from "../../src/kernel/index.ts";
import { createTrust, type Trust } from "../../src/trust/index.ts";
import { openOnSqlite, type TestDatabase } from "../support/engines.ts";
import type { ServerCertificate } from "./notary.ts";

export const host = "localhost:8443";
export const caller: Caller = { kind: "user", name: "alice", address: "192.0.2.1", requestId: "r1" };

/** The room on a database of its own, with a clock that `pass` moves. */
export interface TrustHarness extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly trust: Trust;
  readonly now: () => number;
  /** Moves the clock on by milliseconds. */
  pass(milliseconds: number): void;
  /** What a second process on the same database would have. */
  another(secret?: Uint8Array<ArrayBuffer>): Promise<Trust>;
}

export async function openTrust(open: () => Promise<TestDatabase> = openOnSqlite): Promise<TrustHarness> {
  const database = await open();
  for (const name of ["clients", "comparison", "http", "team"]) await addProject(database, name);
  let ahead = 0;
  const clock = () => Date.now() + ahead;
  const secret = new Uint8Array(64).fill(7);
  const build = (on: Database, key = secret) =>
    createTrust({ database: on, audit: new AuditLog(on, clock), clock, secret: key, hosts: [host] });
  return {
    database,
    trust: build(database),
    now: clock,
    pass: (milliseconds) => {
      ahead += milliseconds;
    },
    another: async (key) => build(await database.another(), key),
    [Symbol.asyncDispose]: () => database.close(),
  };
}

export async function addProject(database: Database, name: string): Promise<void> {
  const values = {
    name,
    owner_id: 1,
    public: 0,
    storage_limit: -1,
    storage_used: 0,
    created_at: 0,
    updated_at: 0,
  };
  await database.write((tx) => tx.insertInto("project").values(values).execute());
}

/** Notary's API over TLS on the loopback interface, without authentication, as the original runs in the tests. */
export interface TrustServer extends AsyncDisposable {
  readonly url: string;
  readonly harness: TrustHarness;
}

export async function startTrustServer(
  { certificate, key }: ServerCertificate,
  options: Partial<TufServices> = {},
): Promise<TrustServer> {
  const harness = await openTrust();
  const services: TufServices = {
    trust: harness.trust,
    authorize: async () => ({ kind: "user", name: caller.name }),
    challenge: () => "",
    metrics: { count: () => {} },
    gunPrefixes: [],
    health: async () => ({}),
    ...options,
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert: readFileSync(certificate), key: readFileSync(key) },
    fetch: (request, self) =>
      handleTuf(
        new Exchange(request, self, "r1", { secure: true, proxies: new Networks([]) }),
        services,
        () => {},
      ),
  });
  return {
    url: `https://localhost:${server.port}`,
    harness,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await harness[Symbol.asyncDispose]();
    },
  };
}
