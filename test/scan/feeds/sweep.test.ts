import { expect, test } from "bun:test";
import { Turn } from "../../../src/scan/feeds/exchange.ts";
import { setPointerIn } from "../../../src/scan/feeds/pointer.ts";
import type { Shelf } from "../../../src/scan/feeds/shelf.ts";
import type { DatabaseManifest } from "../../../src/scan/vulndb/advisory.ts";
import { openOnSqlite } from "../../support/engines.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("who was suspended after an exchange does not sweep away what others have put in its place since", async () => {
  await using folder = await temporaryDirectory("sweep");
  const database = await openOnSqlite();
  const manifestOf = (version: string) => ({ version }) as DatabaseManifest;
  const stored = { sha256: "", size: 0 };
  const swept: string[] = [];
  const shelf: Pick<Shelf, "put" | "sweep" | "folder"> = {
    folder: folder.path,
    put: async () => stored,
    sweep: async (version) => {
      swept.push(version);
    },
  };
  const suspended: typeof database.write = async (work) => {
    const done = await database.write(work);
    await database.write((tx) =>
      setPointerIn(tx, { version: "newer", ...stored, since: 0, manifest: manifestOf("newer") }),
    );
    return done;
  };
  const lease = {
    signal: new AbortController().signal,
    confirmIn: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  const options = {
    database: { ...database, write: suspended },
    shelf: shelf as Shelf,
    clock: Date.now,
    who: "test",
    inspect: async () => manifestOf(""),
  };
  await using turn = new Turn(options, lease, folder.path, lease.signal);
  await turn.end(null, { file: "", manifest: manifestOf("own") }, async () => {});
  expect(swept).toEqual(["newer"]);
  await database.close();
});
