import { createRoute, z } from "@hono/zod-openapi";
import { type Api, identify } from "./request.ts";
import { json, refusals } from "./responses.ts";
import { projectHeaders, projectKey, projectParams, resourceList } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const count = z.number().int();
const summarySchema = z
  .object({
    repo_count: count,
    project_admin_count: count.optional(),
    maintainer_count: count.optional(),
    developer_count: count.optional(),
    guest_count: count.optional(),
    limited_guest_count: count.optional(),
    quota: z.object({ hard: resourceList, used: resourceList }).openapi("ProjectSummaryQuota").optional(),
  })
  .openapi("ProjectSummary");

const getSummary = createRoute({
  method: "get",
  path: "/projects/{project_name_or_id}/summary",
  tags: ["project"],
  summary: "Get a project's figures, as far as the one who asks may know them",
  request: { params: projectParams, headers: projectHeaders },
  responses: { 200: json(summarySchema, "The figures."), ...refusals(401, 403, 404) },
});

export function addProjectSummary(api: Api, { access, projects, rights }: ApiServices): void {
  api.openapi(getSummary, async (c) => {
    const { principal } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const ref = await rights.authorize(principal, key, "project", "read");
    const project = await projects.get({ id: ref.id });
    const summary: z.infer<typeof summarySchema> = { repo_count: project.repositoryCount };
    if (await rights.can(principal, ref, "quota", "read")) {
      summary.quota = { hard: { storage: project.storageLimit }, used: { storage: project.storageUsed } };
    }
    if (await rights.can(principal, ref, "member", "list")) {
      const members = await projects.memberCounts(ref.id);
      summary.project_admin_count = members.projectAdmin;
      summary.maintainer_count = members.maintainer;
      summary.developer_count = members.developer;
      summary.guest_count = members.guest;
      summary.limited_guest_count = members.limitedGuest;
    }
    return c.json(summary, 200);
  });
}
