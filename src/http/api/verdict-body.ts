import { z } from "@hono/zod-openapi";
import { toDetail, type Verdict } from "../../verdict/index.ts";
import { time } from "./schemas.ts";

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
  return { allowed, obstacles: obstacles.map(toDetail) };
}
