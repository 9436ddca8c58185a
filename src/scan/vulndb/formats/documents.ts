import { createReadStream } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { ArchiveError, decompress, isTar, peek, readTar, tarHeadBytes, Zip } from "../../archive/index.ts";

/** A file of a feed: one of an archive's or of a folder's, or the feed itself. */
export interface FeedDocument {
  /** For messages, and for its ending. */
  readonly name: string;
  /** To be read before the next document is asked for. */
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
}

/** All of a document that is read as a whole. The largest known, Red Hat's on the kernel, have some 40 MB. */
const wholeBytes = 128 * 1024 * 1024;
/** OSV's archive of all of npm has 220,000 entries. */
const limits = {
  entries: 5_000_000,
  directoryBytes: 1024 * 1024 * 1024,
  entryBytes: wholeBytes,
  totalBytes: 64 * 1024 * 1024 * 1024,
};
const deepestFolder = 8;
const zipMagic = Buffer.from("PK");

/** The documents of files and folders, whatever they are packed in. Throws `ArchiveError`. */
export async function* documentsIn(paths: readonly string[]): AsyncGenerator<FeedDocument> {
  for (const path of paths) yield* documentsAt(path, 0);
}

async function* documentsAt(path: string, depth: number): AsyncGenerator<FeedDocument> {
  // Only the path that is configured may be a link: one that lies in a folder could point anywhere.
  const info = depth === 0 ? await Bun.file(path).stat() : await lstat(path);
  if (info.isDirectory()) {
    if (depth >= deepestFolder) throw new ArchiveError(`The folder ${path} lies too deep.`);
    const names = (await readdir(path)).sort();
    for (const name of names) if (!name.startsWith(".")) yield* documentsAt(join(path, name), depth + 1);
  } else if (info.isFile()) {
    yield* documentsOf(path);
  }
}

async function* documentsOf(path: string): AsyncGenerator<FeedDocument> {
  const start = await Bun.file(path).slice(0, zipMagic.length).bytes();
  if (zipMagic.equals(start)) return yield* documentsInZip(path);
  const file = createReadStream(path);
  try {
    const { head, all } = await peek(bounded(decompress(file)), tarHeadBytes);
    if (isTar(head)) yield* readTar(all);
    else yield { name: basename(path).replace(/\.(?:gz|zst)$/, ""), content: all };
  } finally {
    file.destroy();
  }
}

/** A small file can be packed so that it never ends. */
async function* bounded(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const piece of pieces) {
    total += piece.length;
    if (total > limits.totalBytes) throw new ArchiveError(`It has more than ${limits.totalBytes} bytes.`);
    yield piece;
  }
}

async function* documentsInZip(path: string): AsyncGenerator<FeedDocument> {
  using zip = Zip.open(path, limits);
  for (const entry of zip.entries())
    if (!entry.name.endsWith("/")) yield { name: entry.name, content: zip.read(entry) };
}

/** All of a document. Throws `ArchiveError` for one that is too large. */
export async function wholeOf({ content }: FeedDocument): Promise<Buffer> {
  if (content instanceof Uint8Array) return Buffer.from(content.buffer, content.byteOffset, content.length);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of content) {
    size += part.length;
    if (size > wholeBytes) throw new ArchiveError(`It has more than ${wholeBytes} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** A document in pieces. */
export async function* piecesOf({ content }: FeedDocument): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) yield content;
  else yield* content;
}
