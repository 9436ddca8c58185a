import { createRoute, z } from "@hono/zod-openapi";
import type { Job } from "../../jobs/index.ts";
import { scanAll } from "../../scan/index.ts";
import { type Api, identify } from "./request.ts";
import { json, refusals } from "./responses.ts";
import type { ApiServices } from "./services.ts";

const count = z.number().int();
const statsSchema = z
  .object({
    total: count,
    completed: count,
    ongoing: z.boolean(),
    metrics: z.record(z.string(), count),
    trigger: z.string(),
  })
  .openapi("Stats");

const tags = ["scanAll"];
const responses = { 200: json(statsSchema, "How far it is."), ...refusals(401, 403) };

const getMetrics = createRoute({
  method: "get",
  path: "/scans/all/metrics",
  tags,
  summary: "Get how far the last scan of all images is",
  responses,
});

const getScheduledMetrics = createRoute({
  method: "get",
  path: "/scans/schedule/metrics",
  tags,
  summary: "Get how far the last scan of all images is that began by schedule",
  responses,
});

/** Executions that are looked through for the last that a schedule began. */
const lookBack = 100;
const triggers = { manual: "Manual", schedule: "Schedule", event: "Event" } as const;

export function addScanMetrics(api: Api, { access, queue, rights, scanners }: ApiServices): void {
  api.openapi(getMetrics, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "scan-all", "read");
    return c.json(await statsOf((await queue.list(scanAll, 1, 0)).jobs[0]), 200);
  });

  api.openapi(getScheduledMetrics, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "scan-all", "read");
    const { jobs } = await queue.list(scanAll, lookBack, 0);
    return c.json(await statsOf(jobs.find(({ trigger }) => trigger === "schedule")), 200);
  });

  async function statsOf(job: Job | undefined): Promise<z.infer<typeof statsSchema>> {
    if (job === undefined) return { total: 0, completed: 0, ongoing: false, metrics: {}, trigger: "" };
    const { pending, running, success, error, stopped } = await scanners.sweep.progressOf(job);
    const isOpen = job.state === "pending" || job.state === "running";
    const completed = success + error + stopped;
    return {
      total: pending + running + completed,
      completed,
      ongoing: isOpen || pending + running > 0,
      metrics: { Pending: pending, Running: running, Success: success, Error: error, Stopped: stopped },
      trigger: triggers[job.trigger],
    };
  }
}
