/** What inventories are stored as: JSON, compressed with zstd. */
export function compress(value: unknown): Uint8Array {
  return Bun.zstdCompressSync(JSON.stringify(value), { level: 3 });
}

export function decompress<T>(content: Uint8Array): T {
  return JSON.parse(Bun.zstdDecompressSync(content).toString()) as T;
}
