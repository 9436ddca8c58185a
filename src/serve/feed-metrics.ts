import { Gauge, type Registry } from "prom-client";
import { second } from "../kernel/index.ts";
import type { DatabaseOverview, FeedOverview, Feeds } from "../scan/index.ts";

/** All processes know the same, and are asked within a moment of each other. */
const memory = second;

/** What is known of the vulnerability database's feeds, in Prometheus's terms. */
export function registerFeedMetrics(registry: Registry, feeds: Feeds): void {
  let asked: { readonly at: number; readonly overview: Promise<DatabaseOverview | null> } | null = null;
  const overview = () => {
    if (asked === null || asked.at < Date.now() - memory) {
      asked = { at: Date.now(), overview: feeds.overview().catch(() => null) };
    }
    return asked.overview;
  };
  const gauge = (name: string, help: string, value: (feed: FeedOverview) => number | null) =>
    new Gauge({
      name: `breakwater_feed_${name}`,
      help,
      labelNames: ["feed"],
      registers: [registry],
      aggregator: "max",
      async collect() {
        this.reset();
        for (const feed of (await overview())?.feeds ?? []) {
          const number = feed.state === "disabled" ? null : value(feed);
          if (number !== null) this.set({ feed: feed.name }, number);
        }
      },
    });
  gauge(
    "last_success_timestamp_seconds",
    "When a feed's source was last found to say what is here.",
    (feed) => (feed.lastSuccessAt === null ? null : feed.lastSuccessAt / second),
  );
  gauge("age_seconds", "Seconds since then; none where there never was a success.", (feed) =>
    feed.lastSuccessAt === null ? null : (Date.now() - feed.lastSuccessAt) / second,
  );
  gauge("failures", "Attempts to update a feed that failed since the last success.", (feed) => feed.failures);
  gauge("records", "Records of a feed in the vulnerability database.", (feed) => feed.records);
  gauge("stale", "1 for a feed whose last success is longer ago than it may be.", (feed) =>
    Number(feed.stale),
  );
  new Gauge({
    name: "breakwater_vulnerability_database_built_timestamp_seconds",
    help: "When the vulnerability database was compiled; 0 while there is none.",
    registers: [registry],
    aggregator: "max",
    async collect() {
      this.set(((await overview())?.builtAt ?? 0) / second);
    },
  });
}
