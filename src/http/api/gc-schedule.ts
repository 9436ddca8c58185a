import { createRoute, z } from "@hono/zod-openapi";
import type { Schedule } from "../../jobs/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import { garbageCollection } from "../../registry/index.ts";
import { executionSchema } from "./gc-body.ts";
import { type Api, identify } from "./request.ts";
import { body, created, done, json, refusals } from "./responses.ts";
import { nextOf, scheduleSchema, toSchedule } from "./schedule-body.ts";
import type { ApiServices } from "./services.ts";

const path = "/system/gc/schedule";
const tags = ["gc"];

const gcScheduleSchema = z
  .object({
    schedule: scheduleSchema,
    parameters: z
      .looseObject({
        delete_untagged: z.boolean().optional(),
        dry_run: z.boolean().optional(),
        workers: z.number().int().min(1).max(10).optional(),
      })
      .nullish(),
  })
  .openapi("GCSchedule");

type ScheduleBody = z.infer<typeof gcScheduleSchema>;

const getSchedule = createRoute({
  method: "get",
  path,
  tags,
  summary: "Get when garbage is collected by itself",
  responses: { 200: json(executionSchema, "The schedule."), ...refusals(401, 403) },
});

const createSchedule = createRoute({
  method: "post",
  path,
  tags,
  summary: "Collect garbage now, with the type Manual, or say when to",
  request: { body: body(gcScheduleSchema) },
  responses: { 201: created, ...refusals(400, 401, 403, 409) },
});

const updateSchedule = createRoute({
  method: "put",
  path,
  tags,
  summary: "Say when garbage is collected; with the type None never",
  request: { body: body(gcScheduleSchema) },
  responses: { 200: done, ...refusals(400, 401, 403, 409) },
});

export function addGcSchedule(api: Api, services: ApiServices): void {
  const { access, audit, queue, rights, schedules } = services;

  api.openapi(getSchedule, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "garbage-collection", "read");
    return c.json(toScheduleBody(await schedules.get(garbageCollection), services.clock()), 200);
  });

  api.openapi(createSchedule, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "garbage-collection", "create");
    const id = await apply(c.req.valid("json"));
    await audit.recordNow(caller, change(c.req.valid("json")));
    return c.body(null, 201, { Location: c.req.path.replace(/schedule\/?$/, String(id)) });
  });

  api.openapi(updateSchedule, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "garbage-collection", "update");
    await apply(c.req.valid("json"));
    await audit.recordNow(caller, change(c.req.valid("json")));
    return c.body(null, 200);
  });

  /** The id of the execution that it began; 0 when it was for later. */
  async function apply({ schedule, parameters }: ScheduleBody): Promise<number> {
    const { delete_untagged = false, dry_run = false, workers = 1 } = parameters ?? {};
    const kept = { delete_untagged, dry_run, workers };
    const { type, cron } = schedule;
    if (type !== "Manual") {
      await schedules.set(garbageCollection, toSchedule(type, cron, kept));
      return 0;
    }
    const [last] = (await queue.list(garbageCollection, 1, 0)).jobs;
    if (last?.state === "pending" || last?.state === "running") {
      throw new BreakwaterError("CONFLICT", `The collection ${last.id} has not ended yet; wait or stop it.`);
    }
    return queue.submit(garbageCollection, kept, "manual");
  }
}

function toScheduleBody(schedule: Schedule | null, now: number): z.infer<typeof executionSchema> {
  const { type, cron, parameters } = schedule ?? { type: "None", cron: "", parameters: {} };
  return {
    id: 1,
    job_name: "",
    job_kind: cron,
    job_parameters: JSON.stringify(parameters),
    job_status: "",
    schedule: { type, cron, ...nextOf(cron, now) },
    deleted: false,
  };
}

function change({ schedule: { type, cron }, parameters }: ScheduleBody) {
  const detail = [type, cron, parameters?.delete_untagged ? "untagged too" : ""];
  return {
    operation: type === "Manual" ? "create" : "update",
    resourceType: "garbage-collection",
    resource: type === "Manual" ? "execution" : "schedule",
    projectId: null,
    detail: detail.filter(Boolean).join(", "),
  };
}
