import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";
import { artifactOptions, artifactSchema, toArtifactBody, toOptions } from "./artifact-body.ts";
import { assessArtifacts } from "./assess.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, identifyKnown } from "./request.ts";
import { json, refusals } from "./responses.ts";
import { acceptVulnerabilities } from "./scan-overview-body.ts";
import { scanFieldsOf } from "./scan-overviews.ts";
import { flag, projectHeaders, projectKey, projectParams } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const listArtifacts = createRoute({
  method: "get",
  path: "/projects/{project_name_or_id}/artifacts",
  tags: ["project"],
  summary: "List the artifacts of all repositories of a project",
  request: {
    params: projectParams,
    headers: projectHeaders.extend(acceptVulnerabilities.shape),
    query: listQuery.extend({
      ...artifactOptions,
      latest_in_repository: flag("Not available here: true is refused").optional(),
    }),
  },
  responses: {
    200: { ...json(z.array(artifactSchema), "The artifacts, the last pushed first."), headers: listHeaders },
    ...refusals(400, 401, 403, 404),
  },
});

export function addProjectArtifacts(api: Api, services: ApiServices): void {
  const { access, registry, rights, clock } = services;
  api.openapi(listArtifacts, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const project = await rights.authorize(principal, key, "artifact", "list");
    const parameters = c.req.valid("query");
    if (parameters.latest_in_repository) {
      throw new BreakwaterError("BAD_REQUEST", "latest_in_repository is not available: ask each repository.");
    }
    const query = toListQuery(parameters);
    const scope = { projectId: project.id };
    const options = toOptions(parameters);
    const page = await registry.artifacts.list(scope, query, { ...options, tags: true });
    const assessed = await assessArtifacts(services, page.items);
    const scans = await scanFieldsOf(services, page.items, parameters, c.req.valid("header"));
    const body = assessed.map((one) => ({
      ...toArtifactBody(one, options, clock()),
      ...scans(one.artifact),
    }));
    return c.json(body, 200, pageHeaders(c, page, query));
  });
}
