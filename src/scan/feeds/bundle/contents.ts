import { z } from "zod";

/** The files of a bundle, which is a tar archive, in their order. */
export const contentsName = "manifest.json";
export const databaseName = "database.sqlite.zst";
export const maxContents = 64 * 2 ** 20;

const format = "breakwater-vulnerability-database/1";

/** What a bundle says of itself, and what is signed. Of the database's manifest it holds a copy, for people. */
export const contentsSchema = z.object({
  format: z.literal(format),
  /** Of the SQLite file: bytes, and SHA-256 in hexadecimal. */
  size: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** By feed, when its source was last looked at; milliseconds since 1970. */
  looked_at: z.record(z.string(), z.int().nonnegative()),
  manifest: z.unknown(),
});

export type BundleContents = z.output<typeof contentsSchema>;

export function toContents(contents: Omit<BundleContents, "format">): Buffer {
  return Buffer.from(`${JSON.stringify({ format, ...contents }, null, 2)}\n`);
}
