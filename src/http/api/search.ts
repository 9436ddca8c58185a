import { createRoute, z } from "@hono/zod-openapi";
import { projectSchema, toProjectBody } from "./project-body.ts";
import { type Api, identify } from "./request.ts";
import { json, refusals } from "./responses.ts";
import type { ApiServices } from "./services.ts";

const repositorySchema = z
  .object({
    project_id: z.number().int(),
    project_name: z.string(),
    project_public: z.boolean(),
    repository_name: z.string(),
    pull_count: z.number().int(),
    artifact_count: z.number().int(),
  })
  .openapi("SearchRepository");

/** Of each kind: who gets more than they can read has to say more of what they look for. */
const limit = 100;

const search = createRoute({
  method: "get",
  path: "/search",
  tags: ["search"],
  summary: `Find projects and repositories by a part of their name, at most ${limit} of each`,
  request: { query: z.object({ q: z.string().max(255) }) },
  responses: {
    200: json(
      z.object({ project: z.array(projectSchema), repository: z.array(repositorySchema) }).openapi("Search"),
      "What was found.",
    ),
    ...refusals(400),
  },
});

export function addSearch(api: Api, { access, overview, projects, rights }: ApiServices): void {
  api.openapi(search, async (c) => {
    const { principal } = await identify(c, access);
    const { q: text } = c.req.valid("query");
    const criteria = new Map([["name", { kind: "contains", text } as const]]);
    const found = await projects.list(principal, { criteria, sort: [], limit, offset: 0 });
    const repositories = await overview.findRepositories(principal, text, limit);
    return c.json(
      {
        project: await Promise.all(found.items.map((project) => toProjectBody(project, principal, rights))),
        repository: repositories.map((repository) => ({
          project_id: repository.projectId,
          project_name: repository.projectName,
          project_public: repository.projectPublic,
          repository_name: repository.name,
          pull_count: repository.pullCount,
          artifact_count: repository.artifactCount,
        })),
      },
      200,
    );
  });
}
