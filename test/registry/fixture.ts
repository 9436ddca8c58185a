import { join } from "node:path";
import { FileSystemStore, type ObjectStore } from "../../src/blobs/index.ts";
import type { Database } from "../../src/db/index.ts";
import { AuditLog } from "../../src/events/index.ts";
import { type Caller, type Digest, digestOf, parseRepositoryName } from "../../src/kernel/index.ts";
import { createRegistry, type Registry } from "../../src/registry/index.ts";
import type { OpenDatabase } from "../support/engines.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { lagging } from "./lagging-store.ts";

export const caller: Caller = { kind: "user", name: "tester", address: "192.0.2.1", requestId: "request" };
export const app = parseRepositoryName("library/app");
export const other = parseRepositoryName("library/other");

/** The room by itself, in this process, with a clock that the test moves. */
export interface Room extends AsyncDisposable {
  readonly registry: Registry;
  readonly database: Database;
  readonly objects: FileSystemStore;
  /** Milliseconds by which the clock goes on. */
  pass(milliseconds: number): void;
  /** Another process on the same data. */
  join(database?: Database, objects?: Partial<ObjectStore>): Registry;
  storageUsed(): Promise<number>;
}

export async function openRoom(open: OpenDatabase, storageLimit = -1): Promise<Room> {
  const directory = await temporaryDirectory("registry");
  const database = await open();
  const objects = new FileSystemStore(join(directory.path, "storage"));
  let now = Date.now();
  const clock = () => now;
  const registryOn = (on: Database, instead: Partial<ObjectStore> = {}) =>
    createRegistry(on, { ...lagging(objects, async () => {}), ...instead }, new AuditLog(on, clock), clock);
  await database.write((tx) =>
    tx
      .insertInto("project")
      .values({
        name: "library",
        owner_id: 1,
        public: 1,
        storage_limit: storageLimit,
        storage_used: 0,
        created_at: now,
        updated_at: now,
      })
      .execute(),
  );
  return {
    registry: registryOn(database),
    database,
    objects,
    pass(milliseconds) {
      now += milliseconds;
    },
    join: (on = database, instead) => registryOn(on, instead),
    async storageUsed() {
      const row = await database.read.selectFrom("project").select("storage_used").executeTakeFirstOrThrow();
      return row.storage_used;
    },
    async [Symbol.asyncDispose]() {
      await database.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

export async function* bodyOf(...chunks: readonly (Uint8Array | string)[]): AsyncIterable<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
}

/** Pushes a blob as one upload and answers its digest. */
export async function push(registry: Registry, content: string, name = app): Promise<Digest> {
  const digest = digestOf(content);
  await registry.uploads.takeWhole(name, "user:1", bodyOf(content), null, digest);
  return digest;
}
