export interface ElfOptions {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly sections: readonly { readonly name: string; readonly content: Uint8Array }[];
  /** Where the file is loaded to, as a whole. */
  readonly address: number;
}

/** An executable in the ELF format with these sections, the first of which begins at `firstSection`. */
export function elfOf({ bits, littleEndian, sections, address }: ElfOptions): Buffer {
  const wide = bits === 64;
  const word = (value: number) => number(value, wide ? 8 : 4, littleEndian);
  const half = (value: number) => number(value, 2, littleEndian);
  const int = (value: number) => number(value, 4, littleEndian);
  const names = Buffer.from(`\0${[...sections.map(({ name }) => name), ".shstrtab"].join("\0")}\0`);
  const contents = [
    ...sections.map(({ name, content }) => ({ name, content })),
    { name: ".shstrtab", content: names },
  ];
  let end = firstSection;
  const placed = contents.map(({ name, content }) => {
    const offset = end;
    end += Math.ceil(content.length / 16) * 16;
    return { name, content, offset };
  });
  const sectionSize = wide ? 64 : 40;
  const header = Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, littleEndian ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ...[half(2), half(0), int(1), word(0), word(wide ? 64 : 52), word(end), int(0)],
    ...[half(wide ? 64 : 52), half(wide ? 56 : 32), half(1), half(sectionSize)],
    ...[half(placed.length + 1), half(placed.length)],
  ]);
  const segment = wide
    ? [int(1), int(6), word(0), word(address), word(address), word(end), word(end), word(16)]
    : [int(1), word(0), word(address), word(address), word(end), word(end), int(6), word(16)];
  const file = Buffer.alloc(end);
  Buffer.concat([header, ...segment]).copy(file);
  for (const { content, offset } of placed) file.set(content, offset);
  const table = placed.map(({ name, content, offset }) =>
    Buffer.concat([
      ...[int(names.indexOf(`\0${name}\0`) + 1), int(1), word(0), word(0), word(offset)],
      ...[word(content.length), int(0), int(0), word(1), word(0)],
    ]),
  );
  return Buffer.concat([file, Buffer.alloc(sectionSize), ...table]);
}

export const firstSection = 128;

function number(value: number, bytes: number, littleEndian: boolean): Buffer {
  const big = Buffer.alloc(8);
  big.writeBigUInt64BE(BigInt(value));
  const cut = big.subarray(8 - bytes);
  return littleEndian ? Buffer.from(cut).reverse() : Buffer.from(cut);
}
