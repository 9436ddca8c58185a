/** Words of 32 bits in the index's header, of which a second copy follows (sqlite.org/walformat.html, section 2.1). */
const words = 12;

/**
 * Tells of commits, of whichever process, by the header of the write-ahead log's index, which SQLite keeps in memory
 * that all processes share: it counts transactions there, after a commit is on the disk and before it is answered.
 * Reading it costs a hundredth of asking the engine, which locks the file for it.
 */
export class SqliteVersion {
  readonly #header: Uint32Array;
  readonly #seen = new Uint32Array(words);
  #version = 0;

  /** The database must have been read from, by a connection that stays open as long as this is used. */
  constructor(path: string) {
    const { buffer, byteOffset } = Bun.mmap(`${path}-shm`);
    this.#header = new Uint32Array(buffer, byteOffset, words);
  }

  /** Another number when anything was committed since it was last asked. */
  current(): number {
    for (let word = 0; word < words; word++) {
      if (this.#header[word] === this.#seen[word]) continue;
      this.#seen.set(this.#header);
      return ++this.#version;
    }
    return this.#version;
  }
}
