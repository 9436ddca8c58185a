import { Database as Sqlite } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { migrate, openSqlite } from "../../src/db/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test("each commit of another process shows, whatever becomes of the log, and one that is taken back does not", async () => {
  await using directory = await temporaryDirectory("version");
  const path = join(directory.path, "breakwater.sqlite");
  const database = openSqlite(path);
  await migrate(database);
  const script = `
    import { Database } from "bun:sqlite";
    const database = new Database(process.argv[1]);
    const insert = database.prepare("insert into setting (name, value) values (?, '1')");
    for await (const line of console) {
      if (line === "commit") insert.run(crypto.randomUUID());
      else if (line === "roll back") database.run("begin immediate; update setting set value = 2; rollback");
      else if (line !== "") database.run("pragma wal_checkpoint(" + line + ")");
      console.log("done");
    }`;
  const other = Bun.spawn([process.execPath, "-e", script, path], { stdin: "pipe", stdout: "pipe" });
  const answers = other.stdout.getReader();
  const tell = async (line: string) => {
    other.stdin.write(`${line}\n`);
    await other.stdin.flush();
    await answers.read();
  };
  for (const step of ["passive", "full", "restart", "truncate"]) {
    let before = database.version();
    await tell("commit");
    expect(database.version(), `a commit before: ${step}`).not.toBe(before);
    await tell(step);
    before = database.version();
    expect(database.version(), `idle after: ${step}`).toBe(before);
    await tell("commit");
    expect(database.version(), `a commit after: ${step}`).not.toBe(before);
  }
  const before = database.version();
  await tell("roll back");
  expect(database.version()).toBe(before);
  other.stdin.end();
  await other.exited;
  const { count } = new Sqlite(path, { readonly: true })
    .query("select count(*) as count from setting")
    .get() as {
    count: number;
  };
  expect(count).toBe(8);
  await database.close();
});
