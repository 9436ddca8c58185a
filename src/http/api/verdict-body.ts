import { z } from "@hono/zod-openapi";
import type { Obstacle, Verdict } from "../../verdict/index.ts";
import { formatTime, time } from "./schemas.ts";

const findingSchema = z
  .object({
    id: z.string(),
    severity: z.string(),
    status: z.string(),
    package: z.string(),
    version: z.string(),
    fix_version: z.string().nullable(),
    exploited: z.boolean().openapi({ description: "Whether it is known to be exploited" }),
  })
  .openapi("PullObstacleFinding");

const obstacleSchema = z
  .object({
    kind: z.string(),
    message: z.string(),
    findings: z.array(findingSchema).optional().openapi({ description: "The worst of what forbids it" }),
    total: z.number().int().optional().openapi({ description: "How many findings forbid it" }),
    data_as_of: time.nullish().openapi({ description: "How old the data is; null when nobody says" }),
  })
  .openapi("PullObstacle");

export const verdictSchema = z
  .object({ allowed: z.boolean(), obstacles: z.array(obstacleSchema) })
  .openapi("PullVerdict");

export function toVerdictBody({ allowed, obstacles }: Verdict): z.infer<typeof verdictSchema> {
  return { allowed, obstacles: obstacles.map(toObstacleBody) };
}

function toObstacleBody(obstacle: Obstacle): z.infer<typeof obstacleSchema> {
  const { kind, message } = obstacle;
  if (!("dataAsOf" in obstacle)) return { kind, message };
  const data_as_of = obstacle.dataAsOf === null ? null : formatTime(obstacle.dataAsOf);
  if (obstacle.kind === "outdated-data") return { kind, message, data_as_of };
  const findings = obstacle.findings.map(({ fixedVersion, ...finding }) => ({
    ...finding,
    fix_version: fixedVersion,
  }));
  return { kind, message, findings, total: obstacle.total, data_as_of };
}
