import { z } from "@hono/zod-openapi";
import type { Job } from "../../jobs/index.ts";
import { formatTime, time } from "./schemas.ts";

/** A collection of garbage, past or planned. */
export const executionSchema = z
  .object({
    id: z.number().int(),
    job_name: z.string(),
    job_kind: z.string(),
    job_parameters: z.string().openapi({ description: "JSON; of a collection with what it removed" }),
    job_status: z.string(),
    schedule: z
      .object({ type: z.string(), cron: z.string(), next_scheduled_time: time.optional() })
      .openapi("ScheduleObj"),
    deleted: z.boolean(),
    creation_time: time.optional(),
    update_time: time.optional(),
  })
  .openapi("GCHistory");

const statuses = {
  pending: "Pending",
  running: "Running",
  success: "Success",
  error: "Error",
  stopped: "Stopped",
} as const satisfies Record<Job["state"], string>;

const triggers = {
  manual: { kind: "MANUAL", type: "Manual" },
  schedule: { kind: "SCHEDULE", type: "Schedule" },
  event: { kind: "EVENT", type: "Event" },
} as const satisfies Record<Job["trigger"], object>;

const report = z.object({ manifests: z.number(), deleted: z.number(), freed: z.number() });

export function toExecutionBody(job: Job): z.infer<typeof executionSchema> {
  const { kind, type } = triggers[job.trigger];
  return {
    id: job.id,
    job_name: job.kind,
    job_kind: kind,
    job_parameters: JSON.stringify({ ...job.parameters, ...toResult(job.report) }),
    job_status: statuses[job.state],
    schedule: { type, cron: "" },
    deleted: false,
    creation_time: formatTime(job.createdAt),
    update_time: formatTime(job.finishedAt ?? job.startedAt ?? job.createdAt),
  };
}

/** What was removed, by Harbor's names. */
function toResult(given: unknown): object {
  const result = report.safeParse(given);
  if (!result.success) return {};
  const { manifests, deleted, freed } = result.data;
  return { purged_manifests: manifests, purged_blobs: deleted, freed_space: freed };
}
