import { z } from "zod";
import type { DatabaseManifest } from "./advisory.ts";

/** The latest is the last that a date can be. */
const time = z.int().min(0).max(8.64e15);
const count = z.int().nonnegative();

const feed = z.object({
  name: z.string().min(1),
  format: z.string(),
  source: z.string(),
  asOf: time.nullable(),
  fetchedAt: time,
  sha256: z.string(),
  records: count,
  unreadable: count,
  groups: z.array(
    z.object({ ecosystem: z.string(), records: count, asOf: time.nullable(), dropped: z.boolean() }),
  ),
});

/** Files are named by the version, and every report is made with the rest: a bundle's maker may have written anything. */
const manifest = z.object({
  version: z.string().regex(/^[0-9a-f]{64}$/),
  schema: z.int(),
  builtAt: time,
  feeds: z.array(feed),
}) satisfies z.ZodType<DatabaseManifest>;

export function isManifest(value: unknown): value is DatabaseManifest {
  return manifest.safeParse(value).success;
}
