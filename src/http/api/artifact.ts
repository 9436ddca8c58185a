import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError, isRefusal } from "../../kernel/index.ts";
import { artifactOptions, artifactSchema, hasHistory, toArtifactBody, toOptions } from "./artifact-body.ts";
import { assessArtifact } from "./assess.ts";
import { artifactParams, artifactPath, fullName } from "./repository-path.ts";
import { type Api, identify } from "./request.ts";
import { done, json, refusals } from "./responses.ts";
import { acceptVulnerabilities } from "./scan-overview-body.ts";
import { scanFieldsOf } from "./scan-overviews.ts";
import type { ApiServices } from "./services.ts";

const tags = ["artifact"];

const getArtifact = createRoute({
  method: "get",
  path: artifactPath,
  tags,
  summary: "Get an artifact by tag or digest",
  request: { params: artifactParams, headers: acceptVulnerabilities, query: z.object(artifactOptions) },
  responses: { 200: json(artifactSchema, "The artifact."), ...refusals(400, 401, 403, 404) },
});

const deleteArtifact = createRoute({
  method: "delete",
  path: artifactPath,
  tags,
  summary: "Delete an artifact with its tags and what only it held together",
  request: { params: artifactParams },
  responses: { 200: done, ...refusals(400, 401, 403, 404, 412) },
});

const getAddition = createRoute({
  method: "get",
  path: `${artifactPath}/additions/{addition}`,
  tags,
  summary: "Get how an image was built",
  request: {
    params: artifactParams.extend({ addition: z.string().openapi({ description: "build_history" }) }),
  },
  responses: {
    200: json(z.array(z.unknown()), "The steps, as the image's configuration tells them."),
    ...refusals(400, 401, 403, 404),
  },
});

const noParts = { tags: false, labels: false, accessories: false };

export function addArtifact(api: Api, services: ApiServices): void {
  const { access, registry, rights, clock } = services;
  const { artifacts, removal } = registry;

  api.openapi(getArtifact, async (c) => {
    const { principal } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "artifact", "read");
    const query = c.req.valid("query");
    const options = toOptions(query);
    const artifact = await artifacts.get(fullName(params), params.reference, { ...options, tags: true });
    const assessed = await assessArtifact(services, artifact);
    const scans = await scanFieldsOf(services, [artifact], query, c.req.valid("header"));
    return c.json({ ...toArtifactBody(assessed, options, clock()), ...scans(artifact) }, 200);
  });

  api.openapi(deleteArtifact, async (c) => {
    const { principal, caller } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "artifact", "delete");
    const { repository, digest } = await artifacts.find(fullName(params), params.reference);
    await removal.deleteArtifact(caller, repository.name, digest).catch(asPrecondition);
    return c.body(null, 200);
  });

  api.openapi(getAddition, async (c) => {
    const { principal } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "artifact-addition", "read");
    const artifact = await artifacts.get(fullName(params), params.reference, noParts);
    if (params.addition.toLowerCase() !== "build_history" || !hasHistory(artifact)) {
      throw new BreakwaterError(
        "BAD_REQUEST",
        `An artifact of the type ${artifact.type} has no addition "${params.addition.slice(0, 80)}" here.`,
      );
    }
    return c.json([...(await artifacts.history(artifact))], 200);
  });
}

/** What an index needs is refused by Harbor as a precondition. */
function asPrecondition(error: unknown): never {
  if (!isRefusal(error, "MANIFEST_IN_USE")) throw error;
  throw new BreakwaterError("PRECONDITION", error.message, { cause: error, detail: error.detail });
}
