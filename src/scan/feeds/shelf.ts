import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type ObjectStore,
  uploadKey,
  vulnerabilityDatabaseKey,
  vulnerabilityDatabasesPrefix,
} from "../../blobs/index.ts";
import { BreakwaterError, hour } from "../../kernel/index.ts";
import type { Pointer } from "./pointer.ts";
import { compressed, decompressed } from "./zstd.ts";

/** A process that has just read the pointer may still fetch the one before. */
const grace = hour;

/** Compiled databases: compressed in the storage for all machines, and as they are in a folder of this one. */
export class Shelf {
  readonly #objects: ObjectStore;
  /** Of this machine; its processes share it. */
  readonly folder: string;

  constructor(objects: ObjectStore, folder: string) {
    this.#objects = objects;
    this.folder = folder;
  }

  /** Puts a SQLite file into the storage; answers its hash and size. */
  async put(file: string, version: string): Promise<Pick<Pointer, "sha256" | "size">> {
    const staged = uploadKey(crypto.randomUUID());
    const appender = await this.#objects.append(staged, 0, { fence: Date.now(), takenOver: false });
    const hasher = new Bun.CryptoHasher("sha256");
    const { size } = await stat(file);
    let written = 0;
    try {
      for await (const piece of compressed(hashing(createReadStream(file), hasher))) {
        written += piece.length;
        const room = appender.write(piece);
        if (room !== undefined) await room;
      }
      await appender.flush();
    } catch (error) {
      await this.#objects.remove(staged).catch(() => {});
      throw error;
    } finally {
      await appender.close();
    }
    await this.#objects.move(staged, vulnerabilityDatabaseKey(version), written);
    return { sha256: hasher.digest("hex"), size };
  }

  /** The path of the database in this machine's folder, fetched where it is not there. Throws FEED_INVALID when it is lost or damaged. */
  async fetch({ version, sha256, size }: Pointer): Promise<string> {
    const file = join(this.folder, `${version}.sqlite`);
    if ((await hashOf(file)) === sha256) return file;
    await mkdir(this.folder, { recursive: true });
    const key = vulnerabilityDatabaseKey(version);
    if ((await this.#objects.stat(key)) === null) {
      throw new BreakwaterError(
        "FEED_INVALID",
        `The storage does not have the vulnerability database ${version}. Run "breakwater feeds update --all", or import one.`,
      );
    }
    const temporary = `${file}.${crypto.randomUUID()}`;
    try {
      const actual = await writeFile(temporary, decompressed(this.#objects.read(key)), size);
      if (actual !== sha256) {
        throw new BreakwaterError(
          "FEED_INVALID",
          `The vulnerability database ${version} in the storage is damaged. Run "breakwater feeds update --all", or import it again.`,
        );
      }
      await rename(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
    return file;
  }

  /** Removes from the folder what is not the current one: who has it open keeps it. */
  async tidy(version: string): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const file = join(this.folder, name);
      if (!/\.sqlite(?:\.|$)/.test(name) || name === `${version}.sqlite`) continue;
      const { mtimeMs } = (await stat(file).catch(() => null)) ?? { mtimeMs: Number.POSITIVE_INFINITY };
      if (mtimeMs < Date.now() - grace) await rm(file, { force: true });
    }
  }

  /** Removes from the storage what has not been the current one for an hour. */
  async sweep(version: string, now: number): Promise<void> {
    for await (const { key, modifiedAt } of this.#objects.list(vulnerabilityDatabasesPrefix)) {
      if (key !== vulnerabilityDatabaseKey(version) && modifiedAt < now - grace)
        await this.#objects.remove(key);
    }
  }
}

async function* hashing(pieces: AsyncIterable<Uint8Array>, hasher: Bun.CryptoHasher) {
  for await (const piece of pieces) {
    hasher.update(piece);
    yield piece;
  }
}

/** Null where there is none. */
export async function hashOf(file: string): Promise<string | null> {
  const hasher = new Bun.CryptoHasher("sha256");
  try {
    for await (const piece of createReadStream(file)) hasher.update(piece as Uint8Array);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return hasher.digest("hex");
}

/** Writes a file to the disk, and answers its SHA-256 in hexadecimal. Throws FEED_INVALID for more than `limit` bytes. */
export async function writeFile(
  file: string,
  pieces: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  let size = 0;
  await using handle = await open(file, "wx");
  for await (const piece of pieces) {
    size += piece.length;
    if (size > limit)
      throw new BreakwaterError("FEED_INVALID", `It is larger than the ${limit} bytes it says.`);
    hasher.update(piece);
    await handle.writeFile(piece);
  }
  await handle.sync();
  return hasher.digest("hex");
}
