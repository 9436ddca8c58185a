import type { Database } from "../../db/index.ts";
import type { AuditLog } from "../../events/index.ts";
import { BreakwaterError, type Clock } from "../../kernel/index.ts";
import { buildInProcess } from "./build/process.ts";
import { writeBundle } from "./bundle/write.ts";
import { Exchange } from "./exchange.ts";
import type { Feed } from "./feed.ts";
import { type ImportReport, type ImportRequest, importBundle } from "./import.ts";
import { inspectDatabase } from "./inspect.ts";
import { type DatabaseOverview, overviewOf } from "./overview.ts";
import { readPointer } from "./pointer.ts";
import type { Shelf } from "./shelf.ts";
import { FeedStates } from "./states.ts";
import { FeedUpdates, type UpdateReport, type UpdateRequest } from "./update.ts";

export { awaitOrder as awaitBuildOrder } from "./build/child.ts";
export { buildBundle } from "./build-bundle.ts";
export { pushBundle } from "./bundle/artifact.ts";
export type { Access, Feed, Login } from "./feed.ts";
export type { ImportRequest } from "./import.ts";
export type { DatabaseOverview, FeedOverview } from "./overview.ts";

/** The kind of the job that brings the vulnerability database up to date. */
export const feedsUpdate = "FEEDS_UPDATE";

export interface FeedsOptions {
  readonly database: Database;
  readonly shelf: Shelf;
  readonly audit: Pick<AuditLog, "record">;
  readonly clock: Clock;
  readonly feeds: readonly Feed[];
  /** By the feed's name, milliseconds after its last good look from which it is stale. */
  readonly maxAge: (feed: string) => number;
  /** This process, for people: who else wants to exchange the database is told. */
  readonly who: string;
}

/** The feeds of the vulnerability database, and how it comes to be exchanged. */
export interface Feeds {
  /** Whether the time of a feed has come. */
  isDue(): Promise<boolean>;
  update(request: UpdateRequest): Promise<UpdateReport>;
  import(request: ImportRequest): Promise<ImportReport>;
  /** Writes a bundle of the database that holds, signed where there is a key. Throws NOT_FOUND while there is none. */
  export(out: string, signKey: string | null): Promise<void>;
  overview(): Promise<DatabaseOverview>;
}

export function createFeeds({ database, shelf, audit, clock, feeds, maxAge, who }: FeedsOptions): Feeds {
  const states = new FeedStates(database, clock, audit);
  const exchange = new Exchange({ database, shelf, clock, who, inspect: inspectDatabase });
  const updates = new FeedUpdates({ exchange, states, feeds, clock, build: buildInProcess });
  const overview = () => overviewOf({ database, states, feeds, clock, maxAge });
  return {
    isDue: async () => (await states.due(feeds)).length > 0,
    update: (request) => updates.update(request),
    import: (request) => importBundle({ exchange, states, clock, inspect: inspectDatabase }, request),
    overview,
    async export(out, signKey) {
      const pointer = await readPointer(database.read);
      if (pointer === null) {
        throw new BreakwaterError(
          "NOT_FOUND",
          'There is no vulnerability database yet. Run "breakwater feeds update" first.',
        );
      }
      const looks = (await overview()).feeds.map(({ name, lastSuccessAt }) => [name, lastSuccessAt] as const);
      const lookedAt = new Map(looks.filter((look): look is [string, number] => look[1] !== null));
      const file = await shelf.fetch(pointer);
      await writeBundle({ file, manifest: pointer.manifest, lookedAt }, out, signKey);
    },
  };
}
