import { constants, open as openDescriptor } from "node:fs";
import {
  copyFile,
  mkdir,
  open,
  opendir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  truncate,
} from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { BreakwaterError } from "../kernel/index.ts";
import { FileAppender } from "./file-appender.ts";
import type { Appender, ObjectInfo, ObjectStore, Writer } from "./object-store.ts";
import { isMissing, storageError } from "./storage-error.ts";

/**
 * Objects as files below one folder. A file gets its name only when its bytes are on the disk, and the
 * folder that holds the name is synced before anybody is told: rename(2) is atomic, but durable only then.
 */
export class FileSystemStore implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(key: string, content: Uint8Array | string): Promise<void> {
    const path = this.#path(key);
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    await this.#inFolderOf(path, async () => {
      try {
        await using file = await open(temporary, "wx");
        await file.writeFile(content);
        await file.sync();
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await syncFolder(dirname(path));
    });
  }

  async get(key: string): Promise<Uint8Array | null> {
    try {
      return await readFile(this.#path(key));
    } catch (error) {
      if (isMissing(error)) return null;
      throw storageError(error as NodeJS.ErrnoException);
    }
  }

  async stat(key: string): Promise<ObjectInfo | null> {
    try {
      const { size, mtimeMs } = await stat(this.#path(key));
      return { key, size, modifiedAt: mtimeMs };
    } catch (error) {
      if (isMissing(error)) return null;
      throw storageError(error as NodeJS.ErrnoException);
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.#path(key);
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw storageError(error as NodeJS.ErrnoException);
    }
    await this.#removeEmptyFolders(dirname(path));
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const folder = this.#path(prefix);
    try {
      for await (const entry of await opendir(folder, { recursive: false })) {
        const key = `${prefix}/${entry.name}`;
        if (entry.isDirectory()) yield* this.list(key);
        else if (entry.isFile()) {
          const info = await this.stat(key);
          if (info !== null) yield info;
        }
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  body(key: string, start?: number, end?: number): Blob {
    const file = Bun.file(this.#path(key));
    return start === undefined ? file : file.slice(start, end);
  }

  read(key: string, start?: number, end?: number): AsyncIterable<Uint8Array> {
    return this.body(key, start, end).stream();
  }

  /** Clients cannot reach a file but through this program. */
  redirect(): null {
    return null;
  }

  async append(key: string, offset: number, { takenOver }: Writer): Promise<Appender> {
    const path = this.#path(key);
    return this.#inFolderOf(path, async () => {
      const present = await this.stat(key);
      const size = present?.size ?? 0;
      if (size < offset) throw bytesLost(size, offset);
      // Also when it is empty: what the other has in its buffers is still to come.
      if (takenOver && present !== null) await replaceByCopy(path);
      if (size > offset) await truncate(path, offset);
      return new FileAppender(await openForWriting(path), offset);
    });
  }

  async move(from: string, to: string, size: number): Promise<void> {
    const [source, target] = [this.#path(from), this.#path(to)];
    await this.#inFolderOf(target, async () => {
      await cut(source, size);
      await rename(source, target);
      await syncFolder(dirname(target));
    });
  }

  settle(key: string): Promise<void> {
    return syncFolder(dirname(this.#path(key)));
  }

  /** Everything that is left behind here is a file, which `list` shows. */
  async sweep(): Promise<void> {}

  async probe(): Promise<void> {
    const key = `breakwater/probe-${process.pid}`;
    await this.put(key, "probe");
    await this.remove(key);
  }

  /** Keys come from parsed digests, names and tags; a `..` in one is a bug, not a request. */
  #path(key: string): string {
    if (key.split("/").includes("..")) throw new Error(`The key ${key} leaves the storage.`);
    return join(this.#root, key);
  }

  /** Does what needs the folder of `path`, again if a removal next door has just taken the empty folder away. */
  async #inFolderOf<T>(path: string, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        await makeFolder(dirname(path), this.#root);
        return await work();
      } catch (error) {
        if (isMissing(error) && attempt < 10) continue;
        if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
        throw storageError(error as NodeJS.ErrnoException);
      }
    }
  }

  /** Takes away the folders that a removal left empty, so that deleted tags leave nothing behind. */
  async #removeEmptyFolders(folder: string): Promise<void> {
    for (let at = folder; at.startsWith(this.#root + sep); at = dirname(at)) {
      try {
        await rmdir(at);
      } catch {
        return;
      }
    }
  }
}

/**
 * What nobody has acknowledged may lie behind the bytes: those of a request that was refused, or whose process died. In
 * its place they would spoil what others have under that name.
 */
async function cut(path: string, size: number): Promise<void> {
  await using file = await open(path, "r+");
  const found = (await file.stat()).size;
  if (found < size) throw bytesLost(found, size);
  if (found === size) return;
  await file.truncate(size);
  await file.sync();
}

function bytesLost(found: number, expected: number): BreakwaterError {
  return new BreakwaterError(
    "BLOB_UPLOAD_INVALID",
    `The storage lost bytes of this upload: it holds ${found} of ${expected}. Begin the upload again.`,
  );
}

/** The name gets a file of its own; a descriptor that is still open elsewhere keeps the old one. */
async function replaceByCopy(path: string): Promise<void> {
  const copy = `${path}.copy`;
  await copyFile(path, copy, constants.COPYFILE_FICLONE);
  {
    // What it replaces was acknowledged, and so is on the disk.
    await using file = await open(copy, "r+");
    await file.sync();
  }
  await rename(copy, path);
}

function openForWriting(path: string): Promise<number> {
  return new Promise((resolve, reject) =>
    openDescriptor(path, constants.O_WRONLY | constants.O_CREAT, 0o644, (error, descriptor) =>
      error ? reject(error) : resolve(descriptor),
    ),
  );
}

/** Makes `folder` and its parents; each new name is synced in the folder that holds it. */
async function makeFolder(folder: string, root: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let at = folder; at !== dirname(first) && at.length >= root.length; at = dirname(at)) {
    await syncFolder(dirname(at));
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}
