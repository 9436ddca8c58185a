import { type Pointer, read } from "bun:ffi";
import type { Database as Sqlite } from "bun:sqlite";
import { readFileSync, realpathSync } from "node:fs";

/** Where its header has the counter of transactions and its checksum (sqlite.org/walformat.html, section 2.2). */
const [counter, checksum] = [8, 44];
/** Of the counter, with 32 bits of the checksum, as many as a number holds exactly. */
const counterBits = 21;

/**
 * The index of SQLite's write-ahead log, as SQLite itself has it mapped into this process. Its header changes with each
 * commit, of whichever process, and by nothing else do SQLite's readers know of one. To open the file by oneself would
 * end the locks that SQLite holds on it when it is closed (sqlite.org/howtocorrupt.html, section 2.2), so that the
 * mapping is looked for among those of the process.
 */
export class WalIndex {
  readonly #header: Pointer;

  private constructor(header: Pointer) {
    this.#header = header;
  }

  /**
   * Of a database that `connection` has read in; good until the last connection of this process is closed. Null where
   * the system does not say what is mapped.
   */
  static of(connection: Sqlite): WalIndex | null {
    try {
      const file = `${realpathSync(connection.filename)}-shm`;
      const mapping = readFileSync("/proc/self/maps", "utf8")
        .split("\n")
        .find((line) => {
          // Address, rights, offset, device and inode; the rest is the path, blanks and all.
          const [, rights, offset, path] = /^\S+ (\S+) (\S+) \S+ \S+ +(.*)$/.exec(line) ?? [];
          return rights === "rw-s" && offset === "00000000" && path === file;
        });
      return mapping === undefined ? null : new WalIndex(Number.parseInt(mapping, 16) as Pointer);
    } catch {
      return null;
    }
  }

  /**
   * Differs when anything was committed since it was last asked. The header has two copies, of which a writer puts the
   * first last, and before its commit is answered: while that one is as it was, nobody has been told of a commit.
   */
  version(): number {
    const count = read.u32(this.#header, counter) % 2 ** counterBits;
    return read.u32(this.#header, checksum) * 2 ** counterBits + count;
  }
}
