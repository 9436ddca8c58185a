import type { Config } from "../config/index.ts";
import type { Logger } from "../http/index.ts";
import { type JobHandler, JobRunner } from "../jobs/index.ts";
import { day, hour, minute, second, systemClock } from "../kernel/index.ts";
import { type CollectionReport, garbageCollection } from "../registry/index.ts";
import { feedsUpdate, rematch, scanAll } from "../scan/index.ts";
import { updateFeeds, watchFeeds } from "./feeds.ts";
import { watchImages } from "./image-watch.ts";
import type { ScanMetrics } from "./scan-metrics.ts";
import { startScanners } from "./scanners.ts";
import type { Services } from "./services.ts";
import type { TrustMetrics } from "./trust-metrics.ts";
import { watchTrust } from "./trust-watch.ts";

/** How often what was gathered about pulls is written. */
const flushEvery = second;
/** Ended jobs are remembered this long. */
const jobMemory = 90 * day;

const uploadPurge = "UPLOAD_PURGE";
const housekeeping = "HOUSEKEEPING";
const trustExpiry = "TRUST_EXPIRY";

/** What runs in the background of each process. */
export interface BackgroundTasks {
  /** Resolves when everything gathered is written and the job under way has been put aside. */
  stop(): Promise<void>;
}

/** Where what was done is counted. */
export interface TaskMetrics {
  readonly trust: TrustMetrics;
  readonly scan: ScanMetrics;
}

export async function startTasks(
  services: Services,
  config: Config,
  log: Logger,
  metrics: TaskMetrics,
): Promise<BackgroundTasks> {
  const { schedules, queue, audit, registry } = services;
  await schedules.ensure(garbageCollection, {
    type: "Custom",
    cron: config.gc.schedule,
    parameters: { delete_untagged: false },
  });
  await schedules.ensure(housekeeping, { type: "Hourly", cron: "0 17 * * * *", parameters: {} });
  // What a process has missed in which the database before was still open.
  await schedules.ensure(rematch, { type: "Hourly", cron: "0 29 * * * *", parameters: {} });
  await schedules.ensure(trustExpiry, { type: "Hourly", cron: "0 41 * * * *", parameters: {} });
  await schedules.set(uploadPurge, {
    type: config.uploads.purge ? "Custom" : "None",
    cron: cronOf(config.uploads.interval),
    parameters: { dry_run: config.uploads.dryRun },
  });
  const runner = new JobRunner({
    queue,
    schedules,
    handlers: jobHandlers(services, config, metrics),
    onError: (error, job) => log.error({ err: error, job: job?.id, kind: job?.kind }, "A job failed."),
  });
  runner.start();

  let flushing: Promise<void> = Promise.resolve();
  const flush = () =>
    Promise.all([audit.flush(), registry.pulls.flush()]).then(
      () => {},
      (error) => log.error({ err: error }, "The records of pulls could not be written; they are kept."),
    );
  const timer = setInterval(() => {
    flushing = flushing.then(flush);
  }, flushEvery);

  const watch = watchTrust(services, log, metrics.trust);
  const images = watchImages(services, config.scan.concurrency, log, metrics.scan);
  const scanners = startScanners(services, log);
  const feeds = watchFeeds(services, log);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.all([runner.stop(), watch.stop(), images.stop(), scanners.stop(), feeds.stop()]);
      await flushing;
      await flush();
    },
  };
}

function jobHandlers(
  services: Services,
  config: Config,
  metrics: TaskMetrics,
): ReadonlyMap<string, JobHandler> {
  const { registry, audit, access, queue, trust, scan } = services;
  return new Map<string, JobHandler>([
    [
      garbageCollection,
      async ({ job, progress, log }) => {
        const { grace } = config.gc;
        const dryRun = job.parameters.dry_run === true;
        const deleteUntagged = job.parameters.delete_untagged === true;
        log(
          `Collecting what nothing has named for ${grace / second} s${deleteUntagged ? ", untagged artifacts too" : ""}${dryRun ? " (dry run)" : ""}.`,
        );
        const { collector } = registry;
        const report = await collector.collect({ grace, deleteUntagged, dryRun, onProgress: progress });
        log(`${dryRun ? "Would have deleted" : "Deleted"} ${summary(report)}.`);
        return report;
      },
    ],
    [
      uploadPurge,
      async ({ job }) => {
        const before = systemClock() - config.uploads.age;
        return { uploads: await registry.uploads.purge(before, job.parameters.dry_run === true) };
      },
    ],
    [feedsUpdate, updateFeeds(services)],
    [scanAll, (context) => services.scanners.sweep.run(context)],
    [
      rematch,
      async ({ progress, log }) => {
        const report = await scan.images.rematch.run(progress);
        if (report === null) return log("There is no vulnerability database that all processes have.");
        metrics.scan.countRematch(report);
        return report;
      },
    ],
    [
      trustExpiry,
      async ({ log }) => {
        const alarms = await trust.expiries.sweep();
        metrics.trust.count(alarms);
        for (const { gun, role } of alarms) log(`${role} of ${gun} expires soon.`);
        return { warnings: alarms.length };
      },
    ],
    [
      housekeeping,
      async () => {
        const now = systemClock();
        await access.purge();
        await queue.purge(now - jobMemory);
        return {
          packages: await scan.images.purge(),
          outdated_images: await scan.images.requestOutdated(),
          scanner_findings: await services.scanners.purge(),
          scan_orders: await services.orders.orders.purge(),
          audit_records: await audit.purge(now - config.audit.retention),
        };
      },
    ],
  ]);
}

function summary({ manifests, deleted, freed, unlinked }: CollectionReport): string {
  return `${manifests} artifacts and ${deleted} blobs of ${freed} bytes; ${unlinked} links of repositories to blobs ended`;
}

/** An interval as the nearest cron expression: every so many minutes, hours or days. */
function cronOf(interval: number): string {
  if (interval < hour) return `0 */${Math.min(59, Math.max(1, Math.round(interval / minute)))} * * * *`;
  if (interval < day) return `0 23 */${Math.min(23, Math.round(interval / hour))} * * *`;
  return `0 23 0 */${Math.min(31, Math.round(interval / day))} * *`;
}
