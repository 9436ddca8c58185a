import { createReadStream } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { BreakwaterError } from "../../../kernel/index.ts";
import type { Found, Question } from "./question.ts";

/** A folder with more is none of feeds. */
const maxFiles = 500_000;

interface Listed {
  readonly path: string;
  readonly size: number;
  readonly modifiedAt: number;
}

/** A file or a folder of the server's own; it is read where it lies. Sizes and times say whether it is new. */
export async function fetchFile({ source, revision, signal }: Question): Promise<Found | null> {
  const files = await list(source).catch((cause: NodeJS.ErrnoException) => {
    if (cause instanceof BreakwaterError) throw cause;
    const why = cause.code === "ENOENT" ? "there is nothing" : (cause.code ?? cause.message);
    throw new BreakwaterError("UNAVAILABLE", `${source} cannot be read: ${why}.`, { cause });
  });
  if (files.length === 0) throw new BreakwaterError("UNAVAILABLE", `The folder ${source} is empty.`);
  const seen = new Bun.CryptoHasher("sha256");
  for (const { path, size, modifiedAt } of files) seen.update(`${path}\n${size}\n${modifiedAt}\n`);
  const now = `files ${seen.digest("hex")}`;
  if (now === revision) return null;
  return { path: source, sha256: await hash(source, files, signal), asOf: null, revision: now };
}

/** In the order of their names, so that equal folders have equal hashes. */
async function list(source: string): Promise<Listed[]> {
  const info = await stat(source);
  if (info.isFile()) return [{ path: source, size: info.size, modifiedAt: info.mtimeMs }];
  const files: Listed[] = [];
  for await (const entry of await opendir(source, { recursive: true })) {
    if (!entry.isFile()) continue;
    if (files.length === maxFiles) {
      throw new BreakwaterError("UNAVAILABLE", `The folder ${source} has more than ${maxFiles} files.`);
    }
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = await stat(path);
    files.push({ path, size, modifiedAt: mtimeMs });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function hash(source: string, files: readonly Listed[], signal: AbortSignal): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const { path, size } of files) {
    signal.throwIfAborted();
    if (path !== source) hasher.update(`${relative(source, path)}\n${size}\n`);
    for await (const piece of createReadStream(path, { signal })) hasher.update(piece as Uint8Array);
  }
  return hasher.digest("hex");
}
