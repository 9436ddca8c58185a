import { createRoute, z } from "@hono/zod-openapi";
import type { Principal } from "../../access/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { allowlistSchema, metadataSchema, projectSchema, toMetadata, toProjectBody } from "./project-body.ts";
import { type Api, identify, identifyKnown, locationOf } from "./request.ts";
import { body, created, json, refusals } from "./responses.ts";
import { flag, isTrue } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

export const projectRequestSchema = z
  .object({
    project_name: z.string().max(255).optional(),
    public: z.boolean().nullish(),
    metadata: metadataSchema.nullish(),
    cve_allowlist: allowlistSchema.nullish(),
    storage_limit: z.number().int().nullish(),
    registry_id: z.number().int().nullish(),
  })
  .openapi("ProjectReq");

const listProjects = createRoute({
  method: "get",
  path: "/projects",
  tags: ["project"],
  summary: "List the projects that the one who asks may know of",
  request: {
    query: listQuery.extend({
      name: z.string().optional(),
      public: flag("Only public ones, or only private ones").optional(),
      owner: z.string().optional(),
      with_detail: flag("Harbor's; all of a project is always answered").optional(),
    }),
  },
  responses: {
    200: { ...json(z.array(projectSchema), "The projects."), headers: listHeaders },
    ...refusals(400, 401),
  },
});

const headProject = createRoute({
  method: "head",
  path: "/projects",
  tags: ["project"],
  summary: "Ask whether a project's name is taken",
  request: { query: z.object({ project_name: z.string() }) },
  responses: { 200: { description: "It is." }, ...refusals(400, 401, 404) },
});

const createProject = createRoute({
  method: "post",
  path: "/projects",
  tags: ["project"],
  summary: "Create a project",
  request: {
    headers: z.object({
      "x-resource-name-in-location": z.string().optional().openapi({ type: "boolean" }),
    }),
    body: body(projectRequestSchema),
  },
  responses: { 201: created, ...refusals(400, 401, 403, 409) },
});

export function addProjects(api: Api, services: ApiServices): void {
  const { access, projects, rights } = services;

  api.openAPIRegistry.registerPath(headProject);
  // Hono answers HEAD with what GET answers; Harbor's HEAD here is another question than its GET.
  api.use(headProject.path, async (c, next) => {
    if (c.req.method !== "HEAD") return next();
    await identifyKnown(c, access);
    const name = c.req.query("project_name");
    if (!name) throw new BreakwaterError("BAD_REQUEST", "The query must say project_name.");
    await projects.get({ name });
    return c.body(null, 200);
  });

  api.openapi(listProjects, async (c) => {
    const { principal } = await identify(c, access);
    const parameters = c.req.valid("query");
    const query = toListQuery(parameters);
    const criteria = new Map(query.criteria);
    const { name, owner, public: isPublic } = parameters;
    if (name) criteria.set("name", { kind: "contains", text: name });
    if (owner) criteria.set("owner", { kind: "is", value: owner });
    if (isPublic !== undefined) criteria.set("public", { kind: "is", value: String(isPublic) });
    const page = await projects.list(principal, { ...query, criteria });
    const items = await Promise.all(page.items.map((project) => toProjectBody(project, principal, rights)));
    return c.json(items, 200, pageHeaders(c, page, query));
  });

  api.openapi(createProject, async (c) => {
    const { principal, caller } = await identifyKnown(c, access);
    const request = c.req.valid("json");
    const mayDecideLimit = await rights.can(principal, null, "project", "create");
    if (principal.kind === "robot" && !mayDecideLimit) {
      throw new BreakwaterError("FORBIDDEN", `The robot "${principal.name}" may not create projects.`);
    }
    if (request.registry_id != null) {
      throw new BreakwaterError("BAD_REQUEST", "There are no proxy cache projects: leave out registry_id.");
    }
    const metadata = toMetadata(request.metadata);
    if (metadata.retention_id) {
      throw new BreakwaterError(
        "BAD_REQUEST",
        "A new project has no retention policy: leave out retention_id.",
      );
    }
    const { retention_id: _, ...settings } = metadata;
    const project = await projects.create(caller, {
      name: request.project_name ?? "",
      ownerId: await ownerOf(principal, services),
      // Harbor takes 0 for "not said", and lets nobody but administrators say it.
      storageLimit: (mayDecideLimit && request.storage_limit) || -1,
      metadata: request.public && !settings.public ? { ...settings, public: "true" } : settings,
    });
    const byName = isTrue(c.req.valid("header")["x-resource-name-in-location"]);
    return c.body(null, 201, { Location: locationOf(c, byName ? project.name : project.id) });
  });
}

/** The user who creates a project; for a robot, as in Harbor, the first administrator. */
async function ownerOf(principal: Principal, { access }: ApiServices): Promise<number> {
  if (principal.kind === "user") return principal.id;
  const { items } = await access.users.list({
    criteria: new Map([["sysadmin_flag", { kind: "is", value: "true" }]]),
    sort: [{ field: "user_id", descending: false }],
    limit: 1,
    offset: 0,
  });
  const [administrator] = items;
  if (administrator !== undefined) return administrator.id;
  throw new BreakwaterError("PRECONDITION", "There is no administrator to own the project.");
}
