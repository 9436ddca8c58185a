import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";
import { type Api, identify } from "./request.ts";
import { body, done, json, refusals } from "./responses.ts";
import { projectHeaders, projectKey, projectParams } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const path = "/projects/{project_name_or_id}/metadatas";
const settings = z.record(z.string(), z.string());
const request = { params: projectParams, headers: projectHeaders };
const requestForOne = {
  params: projectParams.extend({
    meta_name: z.string().openapi({ description: "The name of the metadata" }),
  }),
  headers: projectHeaders,
};

const listMetadata = createRoute({
  method: "get",
  path,
  tags: ["projectMetadata"],
  summary: "Get a project's metadata",
  request,
  responses: { 200: json(settings, "The metadata."), ...refusals(401, 403, 404) },
});

const addMetadata = createRoute({
  method: "post",
  path,
  tags: ["projectMetadata"],
  summary: "Add one metadata to a project",
  request: { ...request, body: body(settings) },
  responses: { 200: done, ...refusals(400, 401, 403, 404, 409) },
});

const getMetadata = createRoute({
  method: "get",
  path: `${path}/{meta_name}`,
  tags: ["projectMetadata"],
  summary: "Get one metadata of a project; nothing when it has none of that name",
  request: requestForOne,
  responses: { 200: json(settings, "The metadata."), ...refusals(401, 403, 404) },
});

const updateMetadata = createRoute({
  method: "put",
  path: `${path}/{meta_name}`,
  tags: ["projectMetadata"],
  summary: "Change one metadata of a project",
  request: { ...requestForOne, body: body(settings) },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

const deleteMetadata = createRoute({
  method: "delete",
  path: `${path}/{meta_name}`,
  tags: ["projectMetadata"],
  summary: "Take one metadata from a project",
  request: requestForOne,
  responses: { 200: done, ...refusals(401, 403, 404) },
});

export function addProjectMetadata(api: Api, { access, projects, rights }: ApiServices): void {
  api.openapi(listMetadata, async (c) => {
    const { principal } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "metadata", "list");
    return c.json((await projects.get({ id })).metadata, 200);
  });

  api.openapi(addMetadata, async (c) => {
    const { principal, caller } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "metadata", "create");
    const [first, ...more] = Object.entries(c.req.valid("json"));
    if (first === undefined || more.length > 0) {
      throw new BreakwaterError("BAD_REQUEST", "only allow one key/value pair");
    }
    await projects.addMetadata(caller, id, ...first);
    return c.body(null, 200);
  });

  api.openapi(getMetadata, async (c) => {
    const { principal } = await identify(c, access);
    const parameters = c.req.valid("param");
    const key = projectKey(parameters, c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "metadata", "read");
    const { metadata } = await projects.get({ id });
    const of = Object.entries(metadata).filter(([name]) => name === parameters.meta_name);
    return c.json(Object.fromEntries(of), 200);
  });

  api.openapi(updateMetadata, async (c) => {
    const { principal, caller } = await identify(c, access);
    const parameters = c.req.valid("param");
    const key = projectKey(parameters, c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "metadata", "update");
    const { meta_name: name } = parameters;
    const value = new Map(Object.entries(c.req.valid("json"))).get(name);
    if (value === undefined) {
      throw new BreakwaterError("BAD_REQUEST", `The body has no value of "${name.slice(0, 80)}".`);
    }
    await projects.updateMetadata(caller, id, name, value);
    return c.body(null, 200);
  });

  api.openapi(deleteMetadata, async (c) => {
    const { principal, caller } = await identify(c, access);
    const parameters = c.req.valid("param");
    const key = projectKey(parameters, c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "metadata", "delete");
    await projects.removeMetadata(caller, id, parameters.meta_name);
    return c.body(null, 200);
  });
}
