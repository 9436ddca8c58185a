import { createRoute, z } from "@hono/zod-openapi";
import type { RepositoryEntry } from "../../registry/index.ts";
import type { ExpiryWarning } from "../../trust/index.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { projectNameParams, repositoriesPath } from "./repository-path.ts";
import { type Api, identify } from "./request.ts";
import { json, refusals } from "./responses.ts";
import { formatTime, time } from "./schemas.ts";
import type { ApiServices } from "./services.ts";
import { expiryWarningSchema, toExpiryWarningBody } from "./trust-body.ts";

const count = z.number().int();
export const repositorySchema = z
  .object({
    id: count,
    project_id: count,
    name: z.string().openapi({ description: "With the project: library/alpine" }),
    description: z.string(),
    artifact_count: count,
    pull_count: count,
    creation_time: time,
    update_time: time,
    trust: z
      .object({ warnings: z.array(expiryWarningSchema) })
      .optional()
      .openapi({ description: "Where content trust metadata expires within 30 days, or has expired" }),
  })
  .openapi("Repository");

const listed = { ...json(z.array(repositorySchema), "The repositories."), headers: listHeaders };

const listAll = createRoute({
  method: "get",
  path: "/repositories",
  tags: ["repository"],
  summary: "List the repositories of all projects that one may know of",
  request: { query: listQuery },
  responses: { 200: listed, ...refusals(400, 401) },
});

const listOfProject = createRoute({
  method: "get",
  path: repositoriesPath,
  tags: ["repository"],
  summary: "List a project's repositories",
  request: { params: projectNameParams, query: listQuery },
  responses: { 200: listed, ...refusals(400, 401, 403, 404) },
});

export function addRepositories(api: Api, services: ApiServices): void {
  const { access, registry, rights } = services;
  api.openapi(listAll, async (c) => {
    const { principal } = await identify(c, access);
    const query = toListQuery(c.req.valid("query"));
    const page = await registry.repositoryCatalog.listVisible(principal, query);
    return c.json(await toRepositoryBodies(services, page.items), 200, pageHeaders(c, page, query));
  });

  api.openapi(listOfProject, async (c) => {
    const { principal } = await identify(c, access);
    const { project_name: name } = c.req.valid("param");
    const project = await rights.authorize(principal, { name }, "repository", "list");
    const query = toListQuery(c.req.valid("query"));
    const page = await registry.repositoryCatalog.listOf(project.id, query);
    return c.json(await toRepositoryBodies(services, page.items), 200, pageHeaders(c, page, query));
  });
}

export async function toRepositoryBody(
  { trust }: Pick<ApiServices, "trust">,
  repository: RepositoryEntry,
): Promise<z.infer<typeof repositorySchema>> {
  return toBody(repository, await trust.expiries.warnings([repository.name]));
}

async function toRepositoryBodies(
  { trust }: Pick<ApiServices, "trust">,
  repositories: readonly RepositoryEntry[],
): Promise<z.infer<typeof repositorySchema>[]> {
  const warnings = await trust.expiries.warnings(repositories.map(({ name }) => name));
  const byRepository = Map.groupBy(warnings, ({ repository }) => repository);
  return repositories.map((repository) => toBody(repository, byRepository.get(repository.name) ?? []));
}

function toBody(
  repository: RepositoryEntry,
  warnings: readonly ExpiryWarning[],
): z.infer<typeof repositorySchema> {
  return {
    id: repository.id,
    project_id: repository.projectId,
    name: repository.name,
    description: repository.description,
    artifact_count: repository.artifactCount,
    pull_count: repository.pullCount,
    creation_time: formatTime(repository.createdAt),
    update_time: formatTime(repository.updatedAt),
    ...(warnings.length === 0 ? {} : { trust: { warnings: warnings.map(toExpiryWarningBody) } }),
  };
}
