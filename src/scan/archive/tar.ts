import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { ArchiveError } from "./archive-error.ts";

export interface TarFile {
  /** As it is written there: it may be any path at all. */
  readonly name: string;
  /** To be read before the next file is asked for; what is not read is passed over. */
  readonly content: AsyncIterable<Uint8Array>;
}

const magicOffset = 257;
const magic = Buffer.from("ustar");

/** How many of its first bytes tell whether something is a tar archive. */
export const tarHeadBytes = 512;

export function isTar(head: Uint8Array): boolean {
  return head.length >= tarHeadBytes && magic.equals(head.subarray(magicOffset, magicOffset + magic.length));
}

/** The regular files of a tar archive in their order. Throws `ArchiveError`. */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const archive = extract();
  const source = Readable.from(bytes, { objectMode: false });
  source.on("error", (error) => archive.destroy(error)).pipe(archive);
  try {
    for await (const entry of archive) {
      if (entry.header.type === "file")
        yield { name: entry.header.name, content: entry as AsyncIterable<Uint8Array> };
      entry.resume();
    }
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError(`It is damaged: ${(error as Error).message}.`, { cause: error });
  } finally {
    source.destroy();
    archive.destroy();
  }
}
