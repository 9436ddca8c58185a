import { UnreadableFile } from "../analyzer.ts";
import { Bytes } from "../bytes.ts";

const what = "The rpm database (NDB)";
const magic = { file: 0x506d7052, slot: 0x746f6c53, blob: 0x53626c42 } as const;
const pageSize = 4096;
const blockSize = 16;
const slotSize = 16;
/** The file's own header takes the place of the first slots. */
const headerSize = 32;

/**
 * The headers in `Packages.db`: a table of slots at its start says in which block of 16 bytes each begins.
 * Little-endian. Throws UnreadableFile for a damaged file.
 */
export function* ndbHeaders(data: Uint8Array): Generator<Uint8Array> {
  const bytes = new Bytes(data, what);
  if (bytes.u32(0) !== magic.file || bytes.u32(4) !== 0)
    throw new UnreadableFile(`${what} has another format.`);
  const end = bytes.u32(12) * pageSize;
  for (let slot = headerSize; slot < end; slot += slotSize) {
    if (bytes.u32(slot) !== magic.slot) throw new UnreadableFile(`${what} has a damaged table of packages.`);
    const block = bytes.u32(slot + 8);
    if (block !== 0) yield blobAt(bytes, block * blockSize, bytes.u32(slot + 4));
  }
}

function blobAt(bytes: Bytes, at: number, packageIndex: number): Uint8Array {
  if (bytes.u32(at) !== magic.blob || bytes.u32(at + 4) !== packageIndex)
    throw new UnreadableFile(`${what} does not have a package where it says that it has it.`);
  return bytes.slice(at + 16, bytes.u32(at + 12));
}
