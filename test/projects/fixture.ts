import { type Access, createAccess, type Principal } from "../../src/access/index.ts";
import type { Database, ListQuery } from "../../src/db/index.ts";
import { AuditLog, Events } from "../../src/events/index.ts";
import { type Caller, day } from "../../src/kernel/index.ts";
import { createProjects, type ProjectServices } from "../../src/projects/index.ts";
import type { OpenDatabase } from "../support/engines.ts";

export const caller: Caller = { kind: "user", name: "tester", address: "192.0.2.1", requestId: "r1" };

export interface Fixture extends AsyncDisposable, ProjectServices {
  readonly database: Database;
  readonly access: Access;
  /** What `services` see as the time; tests may move it. */
  readonly clock: { now: number };
  /** Makes a user and answers their id; how users log in is another room's business. */
  user(name: string, admin?: boolean): Promise<number>;
  principal(name: string): Promise<Principal>;
  /** `<operation> <resource type> <resource>` of every audit record, the oldest first. */
  audited(): Promise<string[]>;
}

/** The projects room on a database of its own. */
export async function openFixture(open: OpenDatabase, events = new Events()): Promise<Fixture> {
  const database = await open();
  const clock = { now: 20_000 * day };
  const audit = new AuditLog(database, () => clock.now);
  const access = createAccess({
    database,
    audit,
    clock: () => clock.now,
    secret: new Uint8Array(32),
    robotPrefix: "robot$",
    token: { issuer: "test", service: "test", lifetime: 1800 },
    sessionLifetime: day,
  });
  return {
    ...createProjects(database, audit, () => clock.now, access.robots, events, ["registry.example.com"]),
    access,
    database,
    clock,
    user: async (name, admin = false) => {
      const { id } = await database.write((tx) =>
        tx
          .insertInto("user_account")
          .values({
            username: name,
            email: `${name}@example.com`,
            realname: name,
            comment: "",
            password_hash: "",
            admin: admin ? 1 : 0,
            created_at: clock.now,
            updated_at: clock.now,
            deleted_at: null,
          })
          .returning("id")
          .executeTakeFirstOrThrow(),
      );
      return id;
    },
    principal: async (name) => {
      const row = await database.read
        .selectFrom("user_account")
        .selectAll()
        .where("username", "=", name)
        .executeTakeFirstOrThrow();
      return { kind: "user", id: row.id, name, admin: row.admin === 1 };
    },
    audited: async () => {
      const rows = await database.read.selectFrom("audit_log").selectAll().orderBy("id").execute();
      return rows.map((row) => `${row.operation} ${row.resource_type} ${row.resource}`);
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
}

/** The whole list, narrowed and sorted where asked. */
export function listQuery(change: Partial<ListQuery> = {}): ListQuery {
  return { criteria: new Map(), sort: [], limit: 100, offset: 0, ...change };
}

/** Puts a repository into the project, as a push would. */
export async function addRepository(database: Database, projectId: number, name: string): Promise<void> {
  await database.write((tx) =>
    tx
      .insertInto("repository")
      .values({ project_id: projectId, name, description: "", created_at: 0, updated_at: 0 })
      .execute(),
  );
}
