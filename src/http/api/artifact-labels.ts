import { createRoute, z } from "@hono/zod-openapi";
import { artifactParams, artifactPath, fullName } from "./repository-path.ts";
import { type Api, identify } from "./request.ts";
import { body, done, refusals } from "./responses.ts";
import { wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const path = `${artifactPath}/labels` as const;
const tags = ["artifact"];

const addLabel = createRoute({
  method: "post",
  path,
  tags,
  summary: "Put a label on an artifact: a global one or one of its project",
  request: {
    params: artifactParams,
    body: body(z.object({ id: z.number().int() }).openapi("ArtifactLabelRequest")),
  },
  responses: { 200: done, ...refusals(400, 401, 403, 404, 409) },
});

const removeLabel = createRoute({
  method: "delete",
  path: `${path}/{label_id}`,
  tags,
  summary: "Take a label off an artifact",
  request: { params: artifactParams.extend({ label_id: wholeNumber("The id of the label") }) },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

export function addArtifactLabels(api: Api, { access, registry, rights }: ApiServices): void {
  const { artifacts, artifactLabels } = registry;

  api.openapi(addLabel, async (c) => {
    const { principal, caller } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "artifact-label", "create");
    const artifact = await artifacts.find(fullName(params), params.reference);
    await artifactLabels.add(caller, artifact, c.req.valid("json").id);
    return c.body(null, 200);
  });

  api.openapi(removeLabel, async (c) => {
    const { principal, caller } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "artifact-label", "delete");
    const artifact = await artifacts.find(fullName(params), params.reference);
    await artifactLabels.remove(caller, artifact, params.label_id);
    return c.body(null, 200);
  });
}
