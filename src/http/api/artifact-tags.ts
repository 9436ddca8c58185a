import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError, isTag, parseRepositoryName } from "../../kernel/index.ts";
import { tagSchema, toTagBody } from "./artifact-body.ts";
import { assessTags } from "./assess.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { artifactParams, artifactPath, fullName } from "./repository-path.ts";
import { type Api, identify } from "./request.ts";
import { body, done, json, refusals } from "./responses.ts";
import type { ApiServices } from "./services.ts";

const path = `${artifactPath}/tags` as const;
const tags = ["artifact"];

const listTags = createRoute({
  method: "get",
  path,
  tags,
  summary: "List the tags that point to an artifact",
  request: { params: artifactParams, query: listQuery },
  responses: {
    200: { ...json(z.array(tagSchema), "The tags, the last pushed first."), headers: listHeaders },
    ...refusals(400, 401, 403, 404),
  },
});

const createTag = createRoute({
  method: "post",
  path,
  tags,
  summary: "Point a new tag to an artifact",
  request: {
    params: artifactParams,
    body: body(z.object({ name: z.string() }).openapi("TagRequest")),
  },
  responses: { 201: done, ...refusals(400, 401, 403, 404, 409) },
});

const deleteTag = createRoute({
  method: "delete",
  path: `${path}/{tag_name}`,
  tags,
  summary: "Take a tag off an artifact",
  request: { params: artifactParams.extend({ tag_name: z.string() }) },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

export function addArtifactTags(api: Api, services: ApiServices): void {
  const { access, registry, rights, clock } = services;
  const { artifacts } = registry;

  api.openapi(listTags, async (c) => {
    const { principal } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "tag", "list");
    const artifact = await artifacts.find(fullName(params), params.reference);
    const query = toListQuery(c.req.valid("query"));
    const page = await artifacts.tags(artifact.id, query);
    const assessed = await assessTags(services, artifact, page.items);
    const body = assessed.map((one) => toTagBody(one, clock()));
    return c.json(body, 200, pageHeaders(c, page, query));
  });

  api.openapi(createTag, async (c) => {
    const { principal, caller } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "tag", "create");
    const { name } = c.req.valid("json");
    if (!isTag(name)) throw new BreakwaterError("TAG_INVALID", `"${name.slice(0, 160)}" is not a tag.`);
    const { repository, digest } = await artifacts.find(fullName(params), params.reference);
    const created = await registry.tags.create(caller, parseRepositoryName(repository.name), name, digest);
    if (!created) {
      throw new BreakwaterError(
        "CONFLICT",
        `The repository "${repository.name}" has a tag "${name}" already.`,
      );
    }
    return c.body(null, 201);
  });

  api.openapi(deleteTag, async (c) => {
    const { principal, caller } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "tag", "delete");
    const { tag_name: tag } = params;
    const { id, repository } = await artifacts.find(fullName(params), params.reference);
    const tagged = isTag(tag) ? await artifacts.find(repository.name, tag) : null;
    if (tagged?.id !== id) {
      throw new BreakwaterError("NOT_FOUND", `The artifact has no tag "${tag.slice(0, 160)}".`);
    }
    await registry.tags.delete(caller, parseRepositoryName(repository.name), tag);
    return c.body(null, 200);
  });
}
