import { createRoute, z } from "@hono/zod-openapi";
import { repositorySchema, toRepositoryBody } from "./repositories.ts";
import { fullName, repositoryParams, repositoryPath } from "./repository-path.ts";
import { type Api, identify } from "./request.ts";
import { body, done, json, refusals } from "./responses.ts";
import type { ApiServices } from "./services.ts";

const tags = ["repository"];
const request = { params: repositoryParams };

const getRepository = createRoute({
  method: "get",
  path: repositoryPath,
  tags,
  summary: "Get a repository",
  request,
  responses: { 200: json(repositorySchema, "The repository."), ...refusals(400, 401, 403, 404) },
});

const updateRepository = createRoute({
  method: "put",
  path: repositoryPath,
  tags,
  summary: "Change a repository's description",
  request: {
    ...request,
    body: body(z.object({ description: z.string().default("") }).openapi("RepositoryUpdate")),
  },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

const deleteRepository = createRoute({
  method: "delete",
  path: repositoryPath,
  tags,
  summary: "Delete a repository with all that is in it",
  request,
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

export function addRepository(api: Api, services: ApiServices): void {
  const { access, registry, rights } = services;
  const { repositoryCatalog, removal } = registry;

  api.openapi(getRepository, async (c) => {
    const { principal } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "repository", "read");
    const repository = await repositoryCatalog.get(fullName(params));
    return c.json(await toRepositoryBody(services, repository), 200);
  });

  api.openapi(updateRepository, async (c) => {
    const { principal, caller } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "repository", "update");
    await repositoryCatalog.describe(caller, fullName(params), c.req.valid("json").description);
    return c.body(null, 200);
  });

  api.openapi(deleteRepository, async (c) => {
    const { principal, caller } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "repository", "delete");
    const { name } = await repositoryCatalog.get(fullName(params));
    await removal.deleteRepository(caller, name);
    return c.body(null, 200);
  });
}
