import { Hono } from "hono";
import { type Access, createAccess } from "../../src/access/index.ts";
import type { Database, ListQuery } from "../../src/db/index.ts";
import { AuditLog } from "../../src/events/index.ts";
import type { RequestOrigin } from "../../src/http/authenticate.ts";
import { type Caller, type ErrorCode, isRefusal } from "../../src/kernel/index.ts";
import type { OpenDatabase } from "../support/engines.ts";

export const tokenOptions = { issuer: "breakwater", service: "harbor-registry", lifetime: 1800 } as const;
export const installationSecret = new Uint8Array(32).fill(7);

export interface Harness extends AsyncDisposable {
  readonly access: Access;
  readonly database: Database;
  readonly audit: AuditLog;
  /** Moves the clock on by milliseconds. */
  pass(milliseconds: number): void;
  now(): number;
  /** A second process on the same database. */
  another(): Access;
}

/** The room on a database of its own, with a clock that only `pass` moves. */
export async function openAccess(open: OpenDatabase): Promise<Harness> {
  const database = await open();
  let time = Date.UTC(2026, 0, 31, 12);
  const clock = () => time;
  const audit = new AuditLog(database, clock);
  const secret = installationSecret;
  const build = () =>
    createAccess({
      database,
      audit,
      clock,
      secret,
      robotPrefix: "robot$",
      token: tokenOptions,
      sessionLifetime: 3_600_000,
    });
  return {
    access: build(),
    database,
    audit,
    pass: (milliseconds) => {
      time += milliseconds;
    },
    now: clock,
    another: build,
    [Symbol.asyncDispose]: () => database.close(),
  };
}

export const administrator: Caller = { kind: "user", name: "admin", address: "192.0.2.1", requestId: "r1" };

export const client = { address: "198.51.100.7", requestId: "r2" };

export const password = "Secret-12345";

/** Everything, in the list's own order. */
export const everything: ListQuery = { criteria: new Map(), sort: [], limit: 100, offset: 0 };

export function newUser(username: string) {
  return { username, email: `${username}@example.com`, realname: username, comment: "", password };
}

/** The code with which `work` is refused; fails for any other end. */
export async function refusal(work: Promise<unknown>): Promise<ErrorCode> {
  try {
    await work;
  } catch (error) {
    if (isRefusal(error)) return error.code;
    throw error;
  }
  throw new Error("it was not refused");
}

/** Operations of the audit log with what they were about, oldest first. */
export async function audited(database: Database) {
  return database.read
    .selectFrom("audit_log")
    .select(["operation", "resource_type", "resource", "actor", "actor_kind", "outcome"])
    .orderBy("id")
    .execute();
}

const statuses: Partial<Record<ErrorCode, 400 | 401 | 403 | 429>> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  TOOMANYREQUESTS: 429,
};

export const origin: RequestOrigin = { ...client, secure: true };

/** Routes as the listener mounts them, with errors as plain statuses; answers a function that sends requests. */
export function mount(routes: Hono<{ Bindings: RequestOrigin }>) {
  const app = new Hono<{ Bindings: RequestOrigin }>();
  app.route("/", routes);
  app.onError((error, c) => {
    const status = isRefusal(error) ? statuses[error.code] : undefined;
    if (status === undefined) throw error;
    return c.json({ code: isRefusal(error) ? error.code : "", message: error.message }, status);
  });
  return async (path: string, init?: RequestInit, from: RequestOrigin = origin) =>
    app.request(path, init, from);
}

export function basic(name: string, secret: string): string {
  return `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`;
}

export function form(fields: Readonly<Record<string, string>>): RequestInit {
  return { method: "POST", body: new URLSearchParams(fields) };
}
