import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";
import { type CveAllowlist, obstacleToDeletion, type Project } from "../../projects/index.ts";
import { projectSchema, toMetadata, toProjectBody } from "./project-body.ts";
import { projectRequestSchema } from "./projects.ts";
import { type Api, identify } from "./request.ts";
import { body, done, json, refusals } from "./responses.ts";
import { projectHeaders, projectKey, projectParams } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const path = "/projects/{project_name_or_id}";
const request = { params: projectParams, headers: projectHeaders };

const getProject = createRoute({
  method: "get",
  path,
  tags: ["project"],
  summary: "Get a project",
  request,
  responses: { 200: json(projectSchema, "The project."), ...refusals(401, 403, 404) },
});

const updateProject = createRoute({
  method: "put",
  path,
  tags: ["project"],
  summary: "Change a project's metadata and CVE allowlist; what is left out stays as it is",
  request: { ...request, body: body(projectRequestSchema) },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

const deleteProject = createRoute({
  method: "delete",
  path,
  tags: ["project"],
  summary: "Delete a project that has no repositories",
  request,
  responses: { 200: done, ...refusals(401, 403, 404, 412) },
});

const getDeletable = createRoute({
  method: "get",
  path: `${path}/_deletable`,
  tags: ["project"],
  summary: "Ask whether a project can be deleted",
  request,
  responses: {
    200: json(
      z.object({ deletable: z.boolean(), message: z.string().optional() }).openapi("ProjectDeletable"),
      "Whether it can, and why not.",
    ),
    ...refusals(401, 403, 404),
  },
});

export function addProject(api: Api, { access, projects, rights }: ApiServices): void {
  api.openapi(getProject, async (c) => {
    const { principal } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "project", "read");
    return c.json(await toProjectBody(await projects.get({ id }), principal, rights), 200);
  });

  api.openapi(updateProject, async (c) => {
    const { principal, caller } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "project", "update");
    const { metadata, cve_allowlist } = c.req.valid("json");
    const { retention_id, ...settings } = toMetadata(metadata);
    if (retention_id) {
      throw new BreakwaterError(
        "BAD_REQUEST",
        "The project has no retention policy: leave out retention_id.",
      );
    }
    await projects.update(caller, id, {
      metadata: settings,
      ...(cve_allowlist == null ? {} : { allowlist: toAllowlist(cve_allowlist, id) }),
    });
    return c.body(null, 200);
  });

  api.openapi(deleteProject, async (c) => {
    const { principal, caller } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "project", "delete");
    await projects.delete(caller, id);
    return c.body(null, 200);
  });

  api.openapi(getDeletable, async (c) => {
    const { principal } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "project", "delete");
    return c.json(deletability(await projects.get({ id })), 200);
  });
}

function deletability(project: Project): { deletable: boolean; message?: string } {
  const message = obstacleToDeletion(project);
  return message === null ? { deletable: true } : { deletable: false, message };
}

function toAllowlist(
  given: NonNullable<z.infer<typeof projectRequestSchema>["cve_allowlist"]>,
  projectId: number,
): CveAllowlist {
  if (given.project_id && given.project_id !== projectId) {
    throw new BreakwaterError(
      "BAD_REQUEST",
      `project_id in cve_allowlist must be ${projectId} but it's ${given.project_id}`,
    );
  }
  return { cveIds: (given.items ?? []).map(({ cve_id }) => cve_id), expiresAt: given.expires_at ?? null };
}
