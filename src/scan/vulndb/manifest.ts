import { createHash } from "node:crypto";
import type { DatabaseManifest, FeedManifest } from "./advisory.ts";
import { type FeedBody, groupsOf } from "./previous.ts";
import { schemaVersion } from "./schema.ts";
import type { DatabaseWriter } from "./writer.ts";

/** `version` follows from the bytes of the feeds and from what has been kept of older ones, not from times. */
export function manifestOf({ database }: DatabaseWriter, builtAt: number): DatabaseManifest {
  const rows = database
    .query<{ id: number; body: string }, []>("select id, body from feed order by name")
    .all();
  const hash = createHash("sha256").update(`schema ${schemaVersion}\n`);
  const feeds = rows.map(({ id, body }): FeedManifest => {
    const feed = JSON.parse(body) as FeedBody;
    const groups = groupsOf(database, "main", id);
    const origins = groups.map(({ ecosystem, dropped, origin }) => [ecosystem, dropped, origin]);
    hash.update(`${JSON.stringify([feed.name, feed.format, feed.sha256, origins])}\n`);
    return {
      ...feed,
      groups: groups.map(({ ecosystem, records, as_of, dropped }) => ({
        ...{ ecosystem, records, asOf: as_of, dropped: dropped === 1 },
      })),
    };
  });
  return { version: hash.digest("hex"), schema: schemaVersion, builtAt, feeds };
}
