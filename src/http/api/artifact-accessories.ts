import { createRoute, z } from "@hono/zod-openapi";
import { accessorySchema, toAccessoryBody } from "./artifact-body.ts";
import { listHeaders, pageHeaders, pageQuery, toListQuery } from "./pagination.ts";
import { artifactParams, artifactPath, fullName } from "./repository-path.ts";
import { type Api, identify } from "./request.ts";
import { json, refusals } from "./responses.ts";
import type { ApiServices } from "./services.ts";

const listAccessories = createRoute({
  method: "get",
  path: `${artifactPath}/accessories`,
  tags: ["artifact"],
  summary: "List what refers to an artifact as its subject",
  request: { params: artifactParams, query: pageQuery },
  responses: {
    200: { ...json(z.array(accessorySchema), "What refers to it, the oldest first."), headers: listHeaders },
    ...refusals(400, 401, 403, 404),
  },
});

export function addArtifactAccessories(api: Api, { access, registry, rights }: ApiServices): void {
  api.openapi(listAccessories, async (c) => {
    const { principal } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "accessory", "list");
    const { id } = await registry.artifacts.find(fullName(params), params.reference);
    const query = toListQuery(c.req.valid("query"));
    const page = await registry.artifacts.accessories(id, query);
    return c.json(page.items.map(toAccessoryBody), 200, pageHeaders(c, page, query));
  });
}
