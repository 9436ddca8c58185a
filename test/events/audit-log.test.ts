import { expect, test } from "bun:test";
import { join } from "node:path";
import { type Database, migrate, openSqlite } from "../../src/db/index.ts";
import { AuditLog } from "../../src/events/index.ts";
import { systemCaller } from "../../src/kernel/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const pullOf = (resource: string) => ({
  operation: "pull",
  resourceType: "artifact",
  resource,
  projectId: null,
});

test("pulls that could not be written are kept, counted, and bounded", async () => {
  await using folder = await temporaryDirectory("audit");
  const database = openSqlite(join(folder.path, "test.sqlite"));
  await migrate(database);
  let broken = true;
  const flaky: Database = {
    ...database,
    write: (work) => (broken ? Promise.reject(new Error("The disk is away.")) : database.write(work)),
  };
  const log = new AuditLog(flaky, Date.now);

  for (let i = 0; i < 3; i++) log.gather(systemCaller, pullOf("library/a:1"));
  await expect(log.flush()).rejects.toThrow("away");
  for (let i = 0; i < 2; i++) log.gather(systemCaller, pullOf("library/a:1"));
  await expect(log.flush()).rejects.toThrow("away");
  for (let i = 0; i < 100_010; i++) log.gather(systemCaller, pullOf(`library/b:${i}`));

  broken = false;
  await log.flush();
  const rows = await database.read
    .selectFrom("audit_log")
    .select(["operation", "resource", "times"])
    .where((is) => is.or([is("resource", "=", "library/a:1"), is("operation", "=", "overflow")]))
    .orderBy("operation")
    .execute();
  expect(rows).toEqual([
    { operation: "overflow", resource: "audit_log", times: 11 },
    { operation: "pull", resource: "library/a:1", times: 5 },
  ]);
  await database.close();
});
