import { z } from "@hono/zod-openapi";
import { nextRun, type Schedule } from "../../jobs/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import { formatTime } from "./schemas.ts";

/** When something is done by itself, by Harbor's names; `Manual` is at once. */
export const scheduleSchema = z.object({
  type: z.enum(["Manual", "Hourly", "Daily", "Weekly", "Custom", "None"]),
  cron: z.string().max(255).default(""),
});

/** What clients that say no more than the type mean by it. */
const usual = { Hourly: "0 0 * * * *", Daily: "0 0 0 * * *", Weekly: "0 0 0 * * 0", Custom: "" } as const;

/** Throws BAD_REQUEST. */
export function toSchedule(
  type: Schedule["type"],
  cron: string,
  parameters: Schedule["parameters"],
): Schedule {
  if (type === "None") return { type, cron: "", parameters: {} };
  const expression = cron.trim() || usual[type];
  if (expression.split(/\s+/).length === 6) return { type, cron: expression, parameters };
  throw new BreakwaterError(
    "BAD_REQUEST",
    `"${expression}" is not a schedule: expected a cron expression of six fields, such as "0 0 3 * * *".`,
  );
}

/** When it is done next, where it ever is. */
export function nextOf(cron: string, now: number): { readonly next_scheduled_time?: string } {
  const next = cron === "" ? null : nextRun(cron, now);
  return next === null ? {} : { next_scheduled_time: formatTime(next) };
}
