import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";

/**
 * A compiled database ends with a page that SQLite does not know of: a mark, and the SHA-256 of all before it. So one
 * that is cut off, or whose disk has gone bad, is noticed before it says of an image that nothing is known against it.
 */
const mark = Buffer.from("breakwater vulnerability database\n");
export const sealBytes = 4096;
const pieceBytes = 4 * 1024 * 1024;

/** Puts the seal behind a finished file, and the file on stable storage. */
export async function seal(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    const page = Buffer.alloc(sealBytes);
    mark.copy(page);
    (await hashOf(file, size)).copy(page, mark.length);
    await file.write(page, 0, sealBytes, size);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Why a file is not as it was sealed: a part of a sentence. Null when it is. */
export async function flawOf(path: string): Promise<string | null> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const page = Buffer.alloc(sealBytes);
    if (size > sealBytes) await file.read(page, 0, sealBytes, size - sealBytes);
    if (!page.subarray(0, mark.length).equals(mark)) return "is no vulnerability database, or is cut off";
    const expected = page.subarray(mark.length, mark.length + 32);
    return expected.equals(await hashOf(file, size - sealBytes)) ? null : "is damaged: its checksum is wrong";
  } finally {
    await file.close();
  }
}

async function hashOf(file: FileHandle, size: number): Promise<Buffer> {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(pieceBytes);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(piece, 0, Math.min(pieceBytes, size - at), at);
    if (bytesRead === 0) break;
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest();
}
