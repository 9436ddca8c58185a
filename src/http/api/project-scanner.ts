import { createRoute, z } from "@hono/zod-openapi";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, identifyKnown } from "./request.ts";
import { body, done, json, refusals } from "./responses.ts";
import { scannerSchema, toScannerBody } from "./scanner-body.ts";
import { projectHeaders, projectKey, projectParams } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const path = "/projects/{project_name_or_id}/scanner";
const tags = ["project"];
const request = { params: projectParams, headers: projectHeaders };

const getScanner = createRoute({
  method: "get",
  path,
  tags,
  summary: "Get the scanner that a project uses",
  request,
  responses: { 200: json(scannerSchema, "The scanner."), ...refusals(400, 401, 403, 404) },
});

const setScanner = createRoute({
  method: "put",
  path,
  tags,
  summary: "Choose the scanner that a project uses",
  request: { ...request, body: body(z.object({ uuid: z.string().max(64) }).openapi("ProjectScanner")) },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

const listCandidates = createRoute({
  method: "get",
  path: `${path}/candidates`,
  tags,
  summary: "List the scanners that a project can use",
  request: { ...request, query: listQuery },
  responses: {
    200: { ...json(z.array(scannerSchema), "The scanners."), headers: listHeaders },
    ...refusals(400, 401, 403),
  },
});

export function addProjectScanner(api: Api, services: ApiServices): void {
  const { access, rights, scanners } = services;
  const { registrations } = scanners;

  api.openapi(getScanner, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "scanner", "read");
    return c.json(forMembers(await toScannerBody(services, await registrations.ofProject(id))), 200);
  });

  api.openapi(setScanner, async (c) => {
    const { principal, caller } = await identifyKnown(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const project = await rights.authorize(principal, key, "scanner", "create");
    await registrations.setOfProject(caller, project, c.req.valid("json").uuid);
    return c.body(null, 200);
  });

  api.openapi(listCandidates, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    await rights.authorize(principal, key, "scanner", "create");
    const query = toListQuery(c.req.valid("query"));
    const page = await registrations.list(query);
    const candidates = await Promise.all(page.items.map((one) => toScannerBody(services, one)));
    return c.json(candidates.map(forMembers), 200, pageHeaders(c, page, query));
  });
}

/** Where an adapter lies, and what is wrong with the way to it, is for those who run the system. */
function forMembers({ health_message, ...scanner }: z.infer<typeof scannerSchema>) {
  return { ...scanner, url: "", auth: "" };
}
