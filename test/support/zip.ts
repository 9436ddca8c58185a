import { deflateRawSync } from "node:zlib";

export interface ZipFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly stored?: boolean;
}

/** A zip archive of these files, in this order; with the zip64 records that archives of many files have. */
export function zipOf(files: readonly ZipFile[], options: { readonly zip64?: boolean } = {}): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, stored = false } of files) {
    const bytes = Buffer.from(content);
    const packed = stored ? bytes : deflateRawSync(bytes);
    const path = Buffer.from(name);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(path.length, 26);
    locals.push(header, path, packed);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(stored ? 0 : 8, 10);
    entry.writeUInt32LE(Bun.hash.crc32(bytes), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(bytes.length, 24);
    entry.writeUInt16LE(path.length, 28);
    const extra = options.zip64 === true ? wide(offset) : Buffer.alloc(0);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(options.zip64 === true ? 0xffffffff : offset, 42);
    directory.push(entry, path, extra);
    offset += header.length + path.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const ends = options.zip64 === true ? zip64Ends(files.length, listed.length, offset) : [];
  return Buffer.concat([...locals, listed, ...ends, end(files.length, listed.length, offset, options)]);
}

function wide(offset: number): Buffer {
  const extra = Buffer.alloc(12);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8, 2);
  extra.writeBigUInt64LE(BigInt(offset), 4);
  return extra;
}

function zip64Ends(entries: number, size: number, start: number): Buffer[] {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(start + size), 8);
  return [record, locator];
}

function end(entries: number, size: number, start: number, options: { readonly zip64?: boolean }): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(options.zip64 === true ? 0xffff : entries, 10);
  record.writeUInt32LE(size, 12);
  record.writeUInt32LE(options.zip64 === true ? 0xffffffff : start, 16);
  return record;
}
