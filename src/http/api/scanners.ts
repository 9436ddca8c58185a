import { createRoute, z } from "@hono/zod-openapi";
import type { Criterion } from "../../db/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import type { RegistrationSettings } from "../../scan/index.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, identify, locationOf } from "./request.ts";
import { body, created, done, json, refusals } from "./responses.ts";
import { scannerRequestSchema, scannerSchema, toScannerBody, toSettings } from "./scanner-body.ts";
import type { ApiServices } from "./services.ts";

const tags = ["scanner"];
/** What Harbor's clients filtered by before there was `q`. */
const older = z.object({
  name: z.string().optional(),
  description: z.string().optional(),
  url: z.string().optional(),
  ex_name: z.string().optional(),
  ex_url: z.string().optional(),
});

const listScanners = createRoute({
  method: "get",
  path: "/scanners",
  tags,
  summary: "List the scanners, the default first, each with how it is",
  request: { query: listQuery.extend(older.shape) },
  responses: {
    200: { ...json(z.array(scannerSchema), "The scanners."), headers: listHeaders },
    ...refusals(400, 401, 403),
  },
});

const createScanner = createRoute({
  method: "post",
  path: "/scanners",
  tags,
  summary: "Register a scanner, which has to answer",
  request: { body: body(scannerRequestSchema) },
  responses: { 201: created, ...refusals(400, 401, 403, 409) },
});

const pingScanner = createRoute({
  method: "post",
  path: "/scanners/ping",
  tags,
  summary: "Try whether a scanner answers with these settings",
  request: { body: body(scannerRequestSchema) },
  responses: { 200: done, ...refusals(400, 401, 403) },
});

export function addScanners(api: Api, services: ApiServices): void {
  const { access, rights, scanners } = services;

  api.openapi(listScanners, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "scanner", "list");
    const parameters = c.req.valid("query");
    const query = toListQuery(parameters);
    const page = await scanners.registrations.list({
      ...query,
      criteria: new Map([...query.criteria, ...olderCriteria(parameters)]),
    });
    const scannerBodies = await Promise.all(page.items.map((one) => toScannerBody(services, one)));
    return c.json(scannerBodies, 200, pageHeaders(c, page, query));
  });

  api.openapi(createScanner, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "scanner", "create");
    const settings = toSettings(c.req.valid("json"));
    await requireAnswer(scanners, settings);
    const uuid = await scanners.registrations.create(caller, settings);
    return c.body(null, 201, { Location: locationOf(c, uuid) });
  });

  api.openapi(pingScanner, async (c) => {
    const { principal } = await identify(c, access);
    // Who may ping may have this server call any address: that is for those who may register scanners.
    await rights.require(principal, null, "scanner", "create");
    await requireAnswer(scanners, toSettings(c.req.valid("json")));
    return c.body(null, 200);
  });
}

/** Throws BAD_REQUEST, with what the adapter did instead of answering. */
async function requireAnswer(
  { registrations, health }: ApiServices["scanners"],
  settings: RegistrationSettings,
): Promise<void> {
  const answer = await health.ask(registrations.accessBy(settings));
  if (!answer.healthy) throw new BreakwaterError("BAD_REQUEST", answer.reason);
}

function* olderCriteria(parameters: z.infer<typeof older>): Iterable<[string, Criterion]> {
  for (const field of ["name", "description", "url"] as const) {
    const text = parameters[field];
    if (text) yield [field, { kind: "contains", text }];
  }
  for (const field of ["name", "url"] as const) {
    const value = parameters[`ex_${field}`];
    if (value) yield [field, { kind: "is", value }];
  }
}
