import { createRoute, z } from "@hono/zod-openapi";
import { type Api, identifyKnown } from "./request.ts";
import { json, refusals } from "./responses.ts";
import type { ApiServices } from "./services.ts";

const count = z.number().int();
const statisticsSchema = z
  .object({
    public_project_count: count,
    public_repo_count: count,
    private_project_count: count,
    private_repo_count: count,
    total_project_count: count,
    total_repo_count: count,
    total_storage_consumption: count.openapi({ description: "Bytes" }),
  })
  .openapi("Statistic");

const getStatistics = createRoute({
  method: "get",
  path: "/statistics",
  tags: ["statistic"],
  summary: "Get how many projects and repositories there are; the totals are for administrators, else 0",
  responses: { 200: json(statisticsSchema, "The figures."), ...refusals(401) },
});

export function addStatistics(api: Api, { access, overview }: ApiServices): void {
  api.openapi(getStatistics, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const counts = await overview.counts(principal);
    const admin = principal.kind === "user" && principal.admin;
    return c.json(
      {
        public_project_count: counts.public.projects,
        public_repo_count: counts.public.repositories,
        private_project_count: counts.private.projects,
        private_repo_count: counts.private.repositories,
        total_project_count: admin ? counts.public.projects + counts.private.projects : 0,
        total_repo_count: admin ? counts.public.repositories + counts.private.repositories : 0,
        total_storage_consumption: admin ? await overview.storageUsed() : 0,
      },
      200,
    );
  });
}
