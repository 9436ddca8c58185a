import { join } from "node:path";
import type { RawBuilder } from "kysely";
import { FileSystemStore, type ObjectStore } from "../../src/blobs/index.ts";
import { type Database, openSqlite } from "../../src/db/index.ts";
import { AuditLog } from "../../src/events/index.ts";
import { createRegistry, type Outcome, type Registry } from "../../src/registry/index.ts";
import { openInstallation } from "../support/installation.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Several registries on one data directory, each with connections of its own, as processes have them. */
export interface Processes extends AsyncDisposable {
  /** One more. What `wrap` makes of the storage is what it works with. */
  open(wrap?: (objects: ObjectStore) => ObjectStore): Registry;
  /** Time goes by, for all of them at once. */
  pass(milliseconds: number): void;
  /** Changes the database behind everybody's back. */
  change(statement: RawBuilder<unknown>): Promise<unknown>;
  /** All that fsck finds, bytes included, taking nothing for young. */
  findings(): Promise<readonly Outcome[]>;
}

export async function openProcesses(): Promise<Processes> {
  const directory = await temporaryDirectory("processes");
  // Makes the schema, the administrator and the project `library`.
  await (await openInstallation(directory.path))[Symbol.asyncDispose]();
  const files = new FileSystemStore(join(directory.path, "registry"));
  const closing: (() => Promise<void>)[] = [];
  let passed = 0;
  const clock = () => Date.now() + passed;

  function openDatabase(): Database {
    const database = openSqlite(join(directory.path, "database", "breakwater.sqlite"));
    closing.push(() => database.close());
    return database;
  }

  function open(wrap: (objects: ObjectStore) => ObjectStore = (objects) => objects): Registry {
    const database = openDatabase();
    return createRegistry(database, wrap(files), new AuditLog(database, clock), clock);
  }

  return {
    open,
    pass(milliseconds) {
      passed += milliseconds;
    },
    change: (statement) => openDatabase().write((tx) => statement.execute(tx)),
    async findings() {
      const found: Outcome[] = [];
      const options = { deep: true, repair: false, discardUnknown: false, grace: 0 };
      await open().fsck.run({ ...options, onFinding: (finding) => found.push(finding) });
      return found;
    },
    async [Symbol.asyncDispose]() {
      for (const close of closing) await close();
      await directory[Symbol.asyncDispose]();
    },
  };
}
