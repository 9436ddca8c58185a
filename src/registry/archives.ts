/** Bytes that it takes to tell whether an archive begins: one block of a tar. */
export const headLength = 512;

/** What compressed bytes begin with, of the kinds that runtimes unpack: gzip, bzip2, xz, zstd. */
const compressed: readonly (readonly number[])[] = [
  [0x1f, 0x8b],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  [0x28, 0xb5, 0x2f, 0xfd],
];
/** A frame of zstd's that holds no data (RFC 8878, section 3.1.2): it begins with 0x50 to 0x5f, and then these. */
const skippable = [0x2a, 0x4d, 0x18];
const space = 0x20;

/** Where the checksum lies in a tar's header, POSIX.1-1988. */
const checksum = { start: 148, end: 156 };

/**
 * Whether a file that begins with `head`, its first 512 bytes or all of it, could be an archive to a program that
 * looks at bytes alone: compressed, or a tar, by the checksum of its first header, which no other text has by chance.
 */
export function beginsArchive(head: Uint8Array): boolean {
  if (compressed.some((magic) => startsWith(head, magic, 0))) return true;
  if (((head[0] ?? 0) & 0xf0) === 0x50 && startsWith(head, skippable, 1)) return true;
  return head.length >= headLength && isTarHeader(head.subarray(0, headLength));
}

function startsWith(bytes: Uint8Array, magic: readonly number[], at: number): boolean {
  return magic.every((byte, index) => bytes[at + index] === byte);
}

/** The sum of all bytes, of which those of the checksum count as spaces; old programs took them as signed. */
function isTarHeader(block: Uint8Array): boolean {
  const digits = Buffer.from(block.subarray(checksum.start, checksum.end)).toString("latin1");
  const written = Number.parseInt(digits.replace(/^[ \0]+/, ""), 8);
  let [unsigned, signed] = [0, 0];
  for (const [index, value] of block.entries()) {
    const byte = index >= checksum.start && index < checksum.end ? space : value;
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  // A block of zeros ends an archive that holds nothing.
  return written === unsigned || written === signed || block.every((byte) => byte === 0);
}
