import { open, rm } from "node:fs/promises";
import { BreakwaterError } from "../../../kernel/index.ts";

/** Bytes of one place; the largest feeds that there are have about a tenth of it. */
export const maxDownload = 4 * 2 ** 30;

export interface Downloaded {
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

export interface DownloadOptions {
  readonly limit?: number;
  /** Told of each piece's length. */
  readonly onBytes?: (count: number) => void;
}

/** Writes what comes to a new file, and hashes it on its way. Throws UNAVAILABLE where it is more than `limit`, or nothing. */
export async function download(
  body: AsyncIterable<Uint8Array>,
  file: string,
  { limit = maxDownload, onBytes = () => {} }: DownloadOptions = {},
): Promise<Downloaded> {
  const hasher = new Bun.CryptoHasher("sha256");
  let size = 0;
  try {
    await using handle = await open(file, "wx");
    for await (const piece of body) {
      size += piece.length;
      if (size > limit) {
        const mebibytes = Math.floor(limit / 2 ** 20);
        throw new BreakwaterError("UNAVAILABLE", `It is larger than the ${mebibytes} MiB that are taken.`);
      }
      hasher.update(piece);
      await handle.writeFile(piece);
      onBytes(piece.length);
    }
    if (size === 0) throw new BreakwaterError("UNAVAILABLE", "What came is empty.");
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
  return { size, sha256: hasher.digest("hex") };
}
