import { createRoute, z } from "@hono/zod-openapi";
import type { Principal } from "../../access/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import type { Label, Rights } from "../../projects/index.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, identify, locationOf } from "./request.ts";
import { body, created, done, json, refusals } from "./responses.ts";
import { formatTime, time, wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

export const labelSchema = z
  .object({
    id: z.number().int(),
    name: z.string(),
    description: z.string(),
    color: z.string(),
    scope: z.enum(["g", "p"]),
    project_id: z.number().int(),
    creation_time: time,
    update_time: time,
  })
  .openapi("Label");

const labelRequestSchema = z
  .object({
    name: z.string().default(""),
    description: z.string().default(""),
    color: z.string().default(""),
    scope: z.string().default(""),
    project_id: z.number().int().default(0),
  })
  .openapi("LabelReq");

const params = z.object({ label_id: wholeNumber("The id of the label") });

const listLabels = createRoute({
  method: "get",
  path: "/labels",
  tags: ["label"],
  summary: "List the global labels or those of a project",
  request: {
    query: listQuery.extend({
      name: z.string().optional(),
      scope: z.string().optional().openapi({ description: "g for global labels, p for a project's" }),
      project_id: wholeNumber("The id of the project").optional(),
    }),
  },
  responses: {
    200: { ...json(z.array(labelSchema), "The labels."), headers: listHeaders },
    ...refusals(400, 401, 403),
  },
});

const createLabel = createRoute({
  method: "post",
  path: "/labels",
  tags: ["label"],
  summary: "Create a label",
  request: { body: body(labelRequestSchema) },
  responses: { 201: created, ...refusals(400, 401, 403, 409) },
});

const getLabel = createRoute({
  method: "get",
  path: "/labels/{label_id}",
  tags: ["label"],
  summary: "Get a label",
  request: { params },
  responses: { 200: json(labelSchema, "The label."), ...refusals(400, 401, 403, 404) },
});

const updateLabel = createRoute({
  method: "put",
  path: "/labels/{label_id}",
  tags: ["label"],
  summary: "Change a label's name, description and color",
  request: { params, body: body(labelRequestSchema) },
  responses: { 200: done, ...refusals(400, 401, 403, 404, 409) },
});

const deleteLabel = createRoute({
  method: "delete",
  path: "/labels/{label_id}",
  tags: ["label"],
  summary: "Delete a label",
  request: { params },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

export function addLabels(api: Api, { access, labels, rights }: ApiServices): void {
  api.openapi(listLabels, async (c) => {
    const { principal } = await identify(c, access);
    const parameters = c.req.valid("query");
    const projectId = toProjectId(parameters.scope ?? "", parameters.project_id ?? 0);
    // Global labels are everybody's to see, in Harbor too.
    if (projectId !== null) await rights.authorize(principal, { id: projectId }, "label", "list");
    const query = toListQuery(parameters);
    const criteria = new Map(query.criteria);
    if (parameters.name) criteria.set("name", { kind: "contains", text: parameters.name });
    const page = await labels.list(projectId, { ...query, criteria });
    return c.json(page.items.map(toLabelBody), 200, pageHeaders(c, page, query));
  });

  api.openapi(createLabel, async (c) => {
    const { principal, caller } = await identify(c, access);
    const request = c.req.valid("json");
    const projectId = toProjectId(request.scope, request.project_id);
    await requireAccess(rights, principal, projectId, "create");
    const { id } = await labels.create(caller, projectId, request);
    return c.body(null, 201, { Location: locationOf(c, id) });
  });

  api.openapi(getLabel, async (c) => {
    const { principal } = await identify(c, access);
    const label = await labels.get(c.req.valid("param").label_id);
    await requireAccess(rights, principal, label.projectId, "read");
    return c.json(toLabelBody(label), 200);
  });

  api.openapi(updateLabel, async (c) => {
    const { principal, caller } = await identify(c, access);
    const label = await labels.get(c.req.valid("param").label_id);
    await requireAccess(rights, principal, label.projectId, "update");
    await labels.update(caller, label.id, c.req.valid("json"));
    return c.body(null, 200);
  });

  api.openapi(deleteLabel, async (c) => {
    const { principal, caller } = await identify(c, access);
    const label = await labels.get(c.req.valid("param").label_id);
    await requireAccess(rights, principal, label.projectId, "delete");
    await labels.delete(caller, label.id);
    return c.body(null, 200);
  });
}

export function toLabelBody(label: Label): z.infer<typeof labelSchema> {
  return {
    id: label.id,
    name: label.name,
    description: label.description,
    color: label.color,
    scope: label.projectId === null ? "g" : "p",
    project_id: label.projectId ?? 0,
    creation_time: formatTime(label.createdAt),
    update_time: formatTime(label.updatedAt),
  };
}

/** Null for the global scope. */
function toProjectId(scope: string, projectId: number): number | null {
  if (scope === "g") return null;
  if (scope !== "p") throw new BreakwaterError("BAD_REQUEST", `invalid scope: ${scope.slice(0, 80)}`);
  if (projectId > 0) return projectId;
  throw new BreakwaterError("BAD_REQUEST", "A project's labels need the project_id.");
}

async function requireAccess(
  rights: Rights,
  principal: Principal,
  projectId: number | null,
  action: "create" | "read" | "update" | "delete",
): Promise<void> {
  if (projectId === null) await rights.require(principal, null, "label", action);
  else await rights.authorize(principal, { id: projectId }, "label", action);
}
