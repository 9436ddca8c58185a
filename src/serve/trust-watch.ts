import type { TagAlarm } from "../events/index.ts";
import type { Logger } from "../http/index.ts";
import { second } from "../kernel/index.ts";
import type { Services } from "./services.ts";
import type { TrustMetrics } from "./trust-metrics.ts";

/** How often tags that were moved, and trust data that was published, are looked at. */
const every = second;
/** Tags that a line of the log names. */
const maxNames = 10;

/**
 * Looks at what was pushed over signed tags, and at what was published. Apart from the jobs, of which one may take
 * hours: of this people are told at once.
 */
export function watchTrust(
  { trust }: Services,
  log: Logger,
  metrics: TrustMetrics,
): { stop(): Promise<void> } {
  let stopped = false;
  let timer: Timer | undefined;
  let working: Promise<void> = Promise.resolve();
  const work = async () => {
    try {
      const alarms = await trust.watch.work();
      metrics.count(alarms);
      for (const alarm of alarms) {
        const level = alarm.kind === "restored" ? "info" : "warn";
        log[level](describe(alarm), "The trust status of tags has changed.");
      }
    } catch (error) {
      log.error({ err: error }, "Trust data could not be looked at; it is tried again.");
    }
  };
  const next = () => {
    timer = setTimeout(() => {
      working = work().finally(() => {
        if (!stopped) next();
      });
    }, every);
  };
  next();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}

function describe({ kind, repository, tags, caller }: TagAlarm) {
  const names = tags.slice(0, maxNames).map(({ name }) => name);
  return { kind, repository, tags: names, count: tags.length, by: caller.name };
}
