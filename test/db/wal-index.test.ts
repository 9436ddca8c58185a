import { Database as Sqlite } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { WalIndex } from "../../src/db/wal-index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const linux = process.platform === "linux";

async function open() {
  const directory = await temporaryDirectory("wal index");
  const path = join(directory.path, "of a test.sqlite");
  const writer = new Sqlite(path);
  writer.run("pragma journal_mode = wal");
  writer.run("create table note (text)");
  const reader = new Sqlite(path);
  reader.query("select count(*) from note").get();
  const index = WalIndex.of(reader);
  if (index === null) throw new Error("the log's index is not mapped");
  return {
    path,
    writer,
    reader,
    index,
    async [Symbol.asyncDispose]() {
      reader.close();
      writer.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Commits, as somebody else. */
async function commitElsewhere(path: string): Promise<void> {
  const script = `new (require("bun:sqlite").Database)(${JSON.stringify(path)}).run("insert into note values ('elsewhere')")`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdin: "ignore", stderr: "inherit" });
  expect(await child.exited).toBe(0);
}

test.skipIf(!linux)(
  "differs after each commit, in this process and in another, and after nothing else",
  async () => {
    await using database = await open();
    const { path, writer, reader, index } = database;
    const seen = new Set([index.version()]);
    for (let round = 0; round < 50; round++) {
      writer.run("insert into note values ('here')");
      seen.add(index.version());
    }
    await commitElsewhere(path);
    seen.add(index.version());
    expect(seen.size).toBe(52);

    const last = index.version();
    reader.query("select * from note").all();
    writer.run("begin immediate");
    writer.run("insert into note values ('not at all')");
    writer.run("rollback");
    expect(index.version()).toBe(last);
  },
);

test.skipIf(!linux)("goes on when the log is begun anew", async () => {
  await using database = await open();
  const { path, writer, index } = database;
  const seen = new Set<number>();
  for (const mode of ["passive", "restart", "truncate"]) {
    writer.run(`pragma wal_checkpoint(${mode})`);
    for (let round = 0; round < 3; round++) {
      writer.run("insert into note values ('here')");
      seen.add(index.version());
    }
    await commitElsewhere(path);
    seen.add(index.version());
  }
  expect(seen.size).toBe(12);
});

test.skipIf(!linux)(
  "what is seen of a commit is never older than the version that was read before",
  async () => {
    await using database = await open();
    const { path, reader, index } = database;
    const rounds = 300;
    const script = `
    const database = new (require("bun:sqlite").Database)(${JSON.stringify(path)});
    for (let round = 0; round < ${rounds}; round++) database.run("insert into note values (?)", [round]);`;
    const child = Bun.spawn([process.execPath, "-e", script], { stdin: "ignore", stderr: "inherit" });
    const count = reader.query<{ rows: number }, []>("select count(*) as rows from note");
    const counts = new Map<number, number>();
    for (let running = true; running; ) {
      running = child.exitCode === null;
      const version = index.version();
      const rows = count.get()?.rows ?? 0;
      // The same version again: nothing was committed in between, so that what was read first still holds.
      if (index.version() === version) expect(counts.get(version) ?? rows).toBe(rows);
      counts.set(version, rows);
      await Bun.sleep(0);
    }
    expect(await child.exited).toBe(0);
    expect(count.get()?.rows).toBe(rounds);
  },
);

test("a database that nobody has mapped has none", () => {
  const database = new Sqlite(":memory:");
  expect(WalIndex.of(database)).toBeNull();
  database.close();
});

test.skipIf(!linux)("is not taken for that of another database whose path ends alike", async () => {
  await using directory = await temporaryDirectory("alike");
  const path = join(directory.path, "b.sqlite");
  const longer = join(directory.path, "of", ` ${path}`);
  const open = (file: string) => {
    mkdirSync(dirname(file), { recursive: true });
    const database = new Sqlite(file);
    database.run("pragma journal_mode = wal");
    database.run("create table note (text)");
    return database;
  };
  using other = open(longer);
  using database = open(path);
  const index = WalIndex.of(database);
  const before = index?.version();
  other.run("insert into note values ('there')");
  expect(index?.version()).toBe(before);
  database.run("insert into note values ('here')");
  expect(index?.version()).not.toBe(before);
});
