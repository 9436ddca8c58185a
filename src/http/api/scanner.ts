import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";
import { type Api, identify } from "./request.ts";
import { body, done, json, refusals } from "./responses.ts";
import {
  healthOf,
  scannerMetadataSchema,
  scannerRequestSchema,
  scannerSchema,
  toMetadataBody,
  toRegistrationBody,
  toScannerBody,
  toSettings,
} from "./scanner-body.ts";
import type { ApiServices } from "./services.ts";

const path = "/scanners/{registration_id}";
const tags = ["scanner"];
const params = z.object({
  registration_id: z.string().max(64).openapi({ description: "The uuid of the scanner" }),
});

const getScanner = createRoute({
  method: "get",
  path,
  tags,
  summary: "Get a scanner, with how it is",
  request: { params },
  responses: { 200: json(scannerSchema, "The scanner."), ...refusals(401, 403, 404) },
});

const updateScanner = createRoute({
  method: "put",
  path,
  tags,
  summary: "Change a scanner; without an access_credential it keeps the one that it has",
  request: { params, body: body(scannerRequestSchema) },
  responses: { 200: done, ...refusals(400, 401, 403, 404, 409) },
});

const deleteScanner = createRoute({
  method: "delete",
  path,
  tags,
  summary: "Delete a scanner with its reports",
  request: { params },
  responses: { 200: json(scannerSchema, "What was deleted."), ...refusals(401, 403, 404) },
});

const makeDefault = createRoute({
  method: "patch",
  path,
  tags,
  summary: "Make a scanner the default of all projects that have chosen none",
  request: { params, body: body(z.object({ is_default: z.boolean() }).openapi("IsDefault")) },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

const getMetadata = createRoute({
  method: "get",
  path: `${path}/metadata`,
  tags,
  summary: "Get what a scanner says of itself",
  request: { params },
  responses: { 200: json(scannerMetadataSchema, "Its metadata."), ...refusals(401, 403, 404) },
});

export function addScanner(api: Api, services: ApiServices): void {
  const { access, rights, scanners } = services;
  const { registrations } = scanners;

  api.openapi(getScanner, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "scanner", "read");
    const registration = await registrations.get(c.req.valid("param").registration_id);
    return c.json(await toScannerBody(services, registration), 200);
  });

  api.openapi(updateScanner, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "scanner", "update");
    const { registration_id } = c.req.valid("param");
    await registrations.update(caller, registration_id, toSettings(c.req.valid("json")));
    return c.body(null, 200);
  });

  api.openapi(deleteScanner, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "scanner", "delete");
    const deleted = await registrations.delete(caller, c.req.valid("param").registration_id);
    return c.json(toRegistrationBody(deleted), 200);
  });

  api.openapi(makeDefault, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "scanner", "update");
    const { registration_id } = c.req.valid("param");
    if (c.req.valid("json").is_default) await registrations.setDefault(caller, registration_id);
    return c.body(null, 200);
  });

  api.openapi(getMetadata, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "scanner", "read");
    const registration = await registrations.get(c.req.valid("param").registration_id);
    const health = await healthOf(scanners, registration);
    if (!health.healthy) throw new BreakwaterError("UNAVAILABLE", health.reason);
    return c.json(toMetadataBody(health), 200);
  });
}
