import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError, parseRepositoryName, projectOf } from "../../kernel/index.ts";
import { requireAllowed } from "../../verdict/index.ts";
import { artifactOptions, artifactSchema, toArtifactBody, toOptions } from "./artifact-body.ts";
import { assessArtifacts } from "./assess.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { fullName, repositoryParams, repositoryPath } from "./repository-path.ts";
import { type Api, identify, locationOf } from "./request.ts";
import { created, json, refusals } from "./responses.ts";
import { acceptVulnerabilities } from "./scan-overview-body.ts";
import { scanFieldsOf } from "./scan-overviews.ts";
import type { ApiServices } from "./services.ts";

const path = `${repositoryPath}/artifacts` as const;
const tags = ["artifact"];

const listArtifacts = createRoute({
  method: "get",
  path,
  tags,
  summary: "List a repository's artifacts: those that stand for themselves, unless q has base=*",
  request: {
    params: repositoryParams,
    headers: acceptVulnerabilities,
    query: listQuery.extend(artifactOptions),
  },
  responses: {
    200: { ...json(z.array(artifactSchema), "The artifacts, the last pushed first."), headers: listHeaders },
    ...refusals(400, 401, 403, 404),
  },
});

const copyArtifact = createRoute({
  method: "post",
  path,
  tags,
  summary: "Copy an artifact from another repository, with its tags and all that belongs to it",
  request: {
    params: repositoryParams,
    query: z.object({
      from: z.string().openapi({ description: "project/repository:tag or project/repository@digest" }),
    }),
  },
  responses: { 201: created, ...refusals(400, 401, 403, 404, 412) },
});

export function addArtifacts(api: Api, services: ApiServices): void {
  const { access, registry, rights, verdicts, clock } = services;
  const { artifacts, artifactCopy, repositories } = registry;

  api.openapi(listArtifacts, async (c) => {
    const { principal } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "artifact", "list");
    const parameters = c.req.valid("query");
    const query = toListQuery(parameters);
    const options = toOptions(parameters);
    const repository = await repositories.find(fullName(params));
    // To Harbor a repository that does not exist is one without artifacts.
    const page =
      repository === null
        ? { items: [], total: 0 }
        : await artifacts.list({ repositoryId: repository.id }, query, { ...options, tags: true });
    const assessed = await assessArtifacts(services, page.items);
    const scans = await scanFieldsOf(services, page.items, parameters, c.req.valid("header"));
    const body = assessed.map((one) => ({
      ...toArtifactBody(one, options, clock()),
      ...scans(one.artifact),
    }));
    return c.json(body, 200, pageHeaders(c, page, query));
  });

  api.openapi(copyArtifact, async (c) => {
    const { principal, caller } = await identify(c, access);
    const params = c.req.valid("param");
    const target = { name: params.project_name };
    await rights.authorize(principal, target, "artifact", "create");
    await rights.authorize(principal, target, "repository", "push");
    const source = parseSource(c.req.valid("query").from);
    // To read of an artifact is not yet to have its content.
    await rights.authorize(principal, { name: projectOf(source.name) }, "artifact", "read");
    await rights.authorize(principal, { name: projectOf(source.name) }, "repository", "pull");
    const name = parseRepositoryName(fullName(params));
    const artifact = await artifacts.find(source.name, source.reference);
    // What may not be pulled may not be taken to where it could be.
    requireAllowed(await verdicts.ofCopy(artifact.repository, { ...artifact, tags: [] }));
    await artifactCopy.copy(caller, artifact, name);
    return c.body(null, 201, { Location: locationOf(c, source.reference) });
  });
}

/** Throws BAD_REQUEST, NAME_INVALID. Where there are both, the digest counts. */
function parseSource(from: string) {
  const [, name, tag, digest] = /^([^:@]+)(?::([^:@]+))?(?:@(.+))?$/.exec(from) ?? [];
  const reference = digest ?? tag;
  if (name === undefined || reference === undefined) {
    throw new BreakwaterError(
      "BAD_REQUEST",
      `"${from.slice(0, 255)}" names no artifact: expected project/repository:tag or project/repository@digest.`,
    );
  }
  return { name: parseRepositoryName(name), reference };
}
