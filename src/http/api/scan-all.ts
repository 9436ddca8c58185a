import { createRoute, z } from "@hono/zod-openapi";
import type { Job } from "../../jobs/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import { scanAll } from "../../scan/index.ts";
import { type Api, identify } from "./request.ts";
import { body, created, done, json, refusals } from "./responses.ts";
import { nextOf, scheduleSchema, toSchedule } from "./schedule-body.ts";
import type { ApiServices } from "./services.ts";

const path = "/system/scanAll/schedule";
const tags = ["scanAll"];

const shownSchema = z
  .object({
    id: z.number().int().optional(),
    status: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    schedule: z.object({
      type: z.string(),
      cron: z.string(),
      next_scheduled_time: z.string().optional(),
    }),
  })
  .openapi("Schedule");
const requestSchema = z.object({ schedule: scheduleSchema }).loose();

const getSchedule = createRoute({
  method: "get",
  path,
  tags,
  summary: "Get when all images are scanned by themselves",
  responses: { 200: json(shownSchema, "The schedule."), ...refusals(401, 403) },
});

const createSchedule = createRoute({
  method: "post",
  path,
  tags,
  summary: "Have all images scanned now, with the type Manual, or say when they are",
  request: { body: body(requestSchema) },
  responses: { 201: created, ...refusals(400, 401, 403, 409, 412) },
});

const updateSchedule = createRoute({
  method: "put",
  path,
  tags,
  summary: "Say when all images are scanned; with the type None never",
  request: { body: body(requestSchema) },
  responses: { 200: done, ...refusals(400, 401, 403) },
});

const stop = createRoute({
  method: "post",
  path: "/system/scanAll/stop",
  tags,
  summary: "Stop the scan of all images that was begun last",
  responses: { 202: { description: "Accepted." }, ...refusals(400, 401, 403) },
});

export function addScanAll(api: Api, services: ApiServices): void {
  const { access, audit, queue, rights, scanners, schedules } = services;

  api.openapi(getSchedule, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "scan-all", "read");
    const { type, cron } = (await schedules.get(scanAll)) ?? { type: "None", cron: "" };
    return c.json({ id: 1, schedule: { type, cron, ...nextOf(cron, services.clock()) } }, 200);
  });

  api.openapi(createSchedule, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "scan-all", "create");
    const { type, cron } = c.req.valid("json").schedule;
    if (type === "Manual") {
      await requireNoneOpen();
      await queue.submit(scanAll, {}, "manual");
    } else if (type !== "None") {
      const standing = await schedules.get(scanAll);
      if (standing !== null && standing.type !== "None") {
        throw new BreakwaterError("PRECONDITION", "There is a schedule already: change it with PUT.");
      }
      await schedules.set(scanAll, toSchedule(type, cron, {}));
    }
    await audit.recordNow(caller, change(type, cron));
    return c.body(null, 201);
  });

  api.openapi(updateSchedule, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "scan-all", "update");
    const { type, cron } = c.req.valid("json").schedule;
    if (type === "Manual") {
      throw new BreakwaterError("BAD_REQUEST", "A schedule cannot be Manual: to scan now, use POST.");
    }
    await schedules.set(scanAll, toSchedule(type, cron, {}));
    await audit.recordNow(caller, change(type, cron));
    return c.body(null, 200);
  });

  api.openapi(stop, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "scan-all", "stop");
    const last = await lastJob();
    if (last === undefined) {
      throw new BreakwaterError("BAD_REQUEST", "All images were never scanned: there is nothing to stop.");
    }
    await queue.stop(last.id);
    await scanners.sweep.stop(last);
    await audit.recordNow(caller, { ...change("Manual", ""), operation: "update", detail: "stopped" });
    return c.body(null, 202);
  });

  async function lastJob(): Promise<Job | undefined> {
    return (await queue.list(scanAll, 1, 0)).jobs[0];
  }

  async function requireNoneOpen(): Promise<void> {
    const last = await lastJob();
    if (last === undefined) return;
    const { pending, running } = await scanners.sweep.progressOf(last);
    const isOpen = last.state === "pending" || last.state === "running";
    if (!isOpen && pending + running === 0) return;
    throw new BreakwaterError(
      "CONFLICT",
      "All images are being scanned already; wait for the end, or stop it.",
    );
  }
}

function change(type: string, cron: string) {
  return {
    operation: type === "Manual" ? "create" : "update",
    resourceType: "scan-all",
    resource: type === "Manual" ? "execution" : "schedule",
    projectId: null,
    detail: [type, cron].filter(Boolean).join(", "),
  };
}
