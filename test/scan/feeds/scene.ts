import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileSystemStore, type ObjectStore } from "../../../src/blobs/index.ts";
import type { Database } from "../../../src/db/index.ts";
import { AuditLog } from "../../../src/events/index.ts";
import { day, hour } from "../../../src/kernel/index.ts";
import type { Build } from "../../../src/scan/feeds/build/order.ts";
import { CurrentDatabase } from "../../../src/scan/feeds/current.ts";
import { Exchange } from "../../../src/scan/feeds/exchange.ts";
import type { Feed } from "../../../src/scan/feeds/feed.ts";
import { Shelf } from "../../../src/scan/feeds/shelf.ts";
import { FeedStates } from "../../../src/scan/feeds/states.ts";
import { FeedUpdates, type UpdateReport, type UpdateRequest } from "../../../src/scan/feeds/update.ts";
import type { DatabaseManifest, FeedManifest } from "../../../src/scan/vulndb/advisory.ts";
import { openAccess } from "./web-server.ts";

/** What stands for a compiled database here: its manifest, and each feed's text. */
export interface FakeDatabase {
  readonly manifest: DatabaseManifest;
  readonly texts: Readonly<Record<string, string>>;
}

export function readFake(file: string): FakeDatabase {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Puts feeds' texts together; one that says `broken` cannot be read. */
export const fakeBuild: Build = async ({ target, previous, feeds, drop, builtAt }, progress) => {
  const before = previous === null ? { manifest: { feeds: [] }, texts: {} } : readFake(previous);
  const texts: Record<string, string> = { ...before.texts };
  const manifests = new Map<string, FeedManifest>(before.manifest.feeds.map((feed) => [feed.name, feed]));
  const failures: { feed: string; reason: string }[] = [];
  for (const { name, format, source, paths, sha256, fetchedAt, asOf } of feeds) {
    const text = paths.map((path) => readFileSync(path, "utf8")).join("+");
    if (text === "broken") {
      failures.push({ feed: name, reason: `${name} cannot be read.` });
      continue;
    }
    texts[name] = text;
    manifests.set(name, {
      ...{ name, format, source, sha256, fetchedAt, asOf, records: 1, unreadable: 0, groups: [] },
    });
    progress(name, 1);
  }
  for (const name of drop) {
    manifests.delete(name);
    delete texts[name];
  }
  const version = Bun.CryptoHasher.hash("sha256", JSON.stringify(texts), "hex");
  const manifest = { version, schema: 1, builtAt, feeds: [...manifests.values()] };
  writeFileSync(target, JSON.stringify({ manifest, texts } satisfies FakeDatabase));
  return { manifest, failures };
};

export function feed(name: string, sources: readonly string[], changes: Partial<Feed> = {}): Feed {
  const schedule = { every: 6 * hour };
  return {
    name,
    format: "osv",
    sources,
    schedule,
    maxAge: 5 * day,
    enabled: true,
    access: openAccess,
    ...changes,
  };
}

/** One process's part in the exchange of databases, on a clock that the test moves. */
export interface Process {
  readonly states: FeedStates;
  readonly current: CurrentDatabase<FakeDatabase>;
  readonly exchange: Exchange;
  update(feeds: readonly Feed[], request?: Partial<UpdateRequest>): Promise<UpdateReport>;
}

export interface Scene {
  now: number;
  readonly objects: ObjectStore;
  /** On a machine of its own, unless it shares that of another. */
  process(database: Database, machine: string): Process;
}

export function scene(folder: string, build: Build = fakeBuild): Scene {
  const objects = new FileSystemStore(join(folder, "storage"));
  mkdirSync(join(folder, "storage"), { recursive: true });
  const it: Scene = {
    now: Date.UTC(2026, 10, 21),
    objects,
    process(database, machine) {
      const clock = () => it.now;
      const shelf = new Shelf(objects, join(folder, machine));
      const states = new FeedStates(database, clock, new AuditLog(database, clock));
      const exchange = new Exchange({
        database,
        shelf,
        clock,
        who: machine,
        inspect: async (file) => readFake(file).manifest,
      });
      return {
        states,
        exchange,
        current: new CurrentDatabase({ database, shelf, clock, open: readFake }),
        update(feeds, request = {}) {
          const updates = new FeedUpdates({ exchange, states, feeds, clock, build });
          const signal = AbortSignal.timeout(30_000);
          return updates.update({ patience: 0, progress: () => {}, signal, ...request });
        },
      };
    },
  };
  return it;
}
