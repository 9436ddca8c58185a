import type { Logger } from "../http/index.ts";
import type { JobHandler } from "../jobs/index.ts";
import { BreakwaterError, isRefusal, minute, second } from "../kernel/index.ts";
import { feedsUpdate } from "../scan/index.ts";
import type { Services } from "./services.ts";

/** How often it is looked whether a feed's time has come. */
const every = 15 * second;
const progressEvery = second;

/** The job that brings the vulnerability database up to date. */
export function updateFeeds({ feeds }: Pick<Services, "feeds">): JobHandler {
  return async ({ job, progress, log }) => {
    const names = job.parameters.feeds as readonly string[] | "all" | undefined;
    const stopping = new AbortController();
    const { signal } = stopping;
    let doing = "";
    const timer = setInterval(() => {
      // It rejects when the job is to end.
      progress({ doing }).catch((reason) => stopping.abort(reason));
    }, progressEvery);
    try {
      const report = await feeds.update({
        ...(names === undefined ? {} : { names }),
        patience: minute,
        progress: (line) => {
          doing = line;
        },
        signal,
      });
      for (const { name, outcome, error } of report.feeds)
        log(`${name}: ${outcome}${error ? `: ${error}` : ""}`);
      return report;
    } catch (error) {
      // To the runner that would mean that somebody stopped the job.
      if (!signal.aborted && isRefusal(error, "CONFLICT"))
        throw new BreakwaterError("UNAVAILABLE", error.message, { cause: error });
      throw error;
    } finally {
      clearInterval(timer);
    }
  };
}

/** Submits the job when the time of a feed has come. */
export function watchFeeds({ feeds, queue }: Services, log: Logger): { stop(): Promise<void> } {
  let looking: Promise<void> = Promise.resolve();
  const look = async () => {
    try {
      if (await feeds.isDue()) await queue.submit(feedsUpdate, {}, "schedule");
    } catch (error) {
      log.error({ err: error }, "It could not be seen whether a feed is due; it is tried again.");
    }
  };
  const next = () => {
    looking = looking.then(look);
  };
  next();
  const timer = setInterval(next, every);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
