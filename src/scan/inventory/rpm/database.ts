import { type Analyzer, UnreadableFile } from "../analyzer.ts";
import { bdbHeaders } from "./bdb.ts";
import { filesOf } from "./files.ts";
import { Header } from "./header.ts";
import { ndbHeaders } from "./ndb.ts";
import { findsOf, rpmOf, versionOf } from "./package.ts";
import { sqliteHeaders } from "./sqlite.ts";

const folders = ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"];
/** No object: as its key, the name of each file of a layer would be kept. */
const readers = new Map<string, (data: Uint8Array) => Iterable<Uint8Array>>([
  ["Packages", bdbHeaders],
  ["Packages.db", ndbHeaders],
  ["rpmdb.sqlite", sqliteHeaders],
]);
const log = "rpmdb.sqlite-wal";
/** In characters; a large distribution's packages altogether have a tenth. */
const maxPaths = 128 * 1024 * 1024;

const isIn = (path: string, name: string) => folders.some((folder) => path === `${folder}/${name}`);

/** rpm's database in each of its three forms: the packages, and the files that they own. */
export const rpmDatabase: Analyzer = {
  type: "rpm",
  database: true,
  wants: (path, name) => readers.has(name) && isIn(path, name),
  *analyze(file) {
    const data = file.bytes();
    const read = readers.get(file.path.slice(file.path.lastIndexOf("/") + 1)) ?? (() => []);
    let bytes = 0;
    let paths = 0;
    for (const blob of read(data)) {
      // Headers of a sound database do not overlap.
      bytes += blob.length;
      if (bytes > data.length)
        throw new UnreadableFile("The rpm database says that it holds more than its size.");
      const header = new Header(blob);
      const rpm = rpmOf(header);
      const owner = { ...rpm, version: versionOf(rpm) };
      yield* findsOf(rpm);
      for (const owns of filesOf(header)) {
        paths += owns.length;
        if (paths > maxPaths) throw new UnreadableFile("The rpm database names more files than are read.");
        yield { owns, owner };
      }
    }
  },
};

/**
 * What rpm has written and SQLite has not yet moved into `rpmdb.sqlite`. rpm leaves it empty; one that is not is of
 * a process that was ended on the way, and the database without it is not what rpm itself would see.
 */
export const rpmLog: Analyzer = {
  type: "rpm",
  wants: (path, name) => name === log && isIn(path, log),
  accepts: (_, size) => size > 0,
  *analyze() {
    yield {
      failure:
        "The rpm database has changes in a write-ahead log that its own file may lack. Have rpm end in an orderly way, or run rpm --rebuilddb, before the layer is made.",
    };
  },
};
