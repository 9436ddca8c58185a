import { createRoute, z } from "@hono/zod-openapi";
import type { Exception } from "../../scan/index.ts";
import { ownerOf, ownerParams, ownerPaths } from "./exception-owner.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, locationOf } from "./request.ts";
import { body, created, done, json, refusals } from "./responses.ts";
import { formatTime, projectHeaders, time, wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const tags = ["exception"];

const scope = {
  vulnerability: z.string().openapi({ description: "A CVE, or another name of a vulnerability" }),
  package: z.string().nullish().openapi({ description: "Only in the package of this name, or of this purl" }),
  repository: z.string().nullish().openapi({ description: "Only in this repository, with its project" }),
  digest: z
    .string()
    .nullish()
    .openapi({ description: "Only in this image, or in those that this index names" }),
  reason: z.string(),
};

const exceptionSchema = z
  .object({
    id: z.number().int(),
    ...scope,
    expires_at: time.nullable(),
    expired: z.boolean(),
    author: z.string(),
    creation_time: time,
  })
  .openapi("VulnerabilityException");

const requestSchema = z
  .object({ ...scope, expires_at: z.iso.datetime({ offset: true }).nullish() })
  .openapi("VulnerabilityExceptionReq");

export function addExceptions(api: Api, services: ApiServices): void {
  const { exceptions } = services.exceptions;
  for (const base of ownerPaths) {
    const path = `${base}/exceptions`;
    const headers = projectHeaders;
    const params = ownerParams[base];

    const list = createRoute({
      ...{ method: "get", path, tags, summary: "List the exceptions of vulnerabilities" },
      request: { params, headers, query: listQuery },
      responses: {
        200: { ...json(z.array(exceptionSchema), "The exceptions."), headers: listHeaders },
        ...refusals(400, 401, 403, 404),
      },
    });
    api.openapi(list, async (c) => {
      const { owner } = await ownerOf(c, services, "list");
      const query = toListQuery(c.req.valid("query"));
      const page = await exceptions.list(owner, query);
      const now = services.clock();
      return c.json(
        page.items.map((one) => toBody(one, now)),
        200,
        pageHeaders(c, page, query),
      );
    });

    const add = createRoute({
      ...{ method: "post", path, tags, summary: "Have a vulnerability overlooked, everywhere or in a scope" },
      request: { params, headers, body: body(requestSchema) },
      responses: { 201: created, ...refusals(400, 401, 403, 404, 409) },
    });
    api.openapi(add, async (c) => {
      const { owner, caller } = await ownerOf(c, services, "create");
      const given = c.req.valid("json");
      const { id } = await exceptions.add(caller, owner, {
        vulnerability: given.vulnerability,
        package: given.package ?? null,
        repository: given.repository ?? null,
        digest: given.digest ?? null,
        reason: given.reason,
        expiresAt: given.expires_at == null ? null : Date.parse(given.expires_at),
      });
      return c.body(null, 201, { Location: locationOf(c, id) });
    });

    const remove = createRoute({
      ...{ method: "delete", path: `${path}/{exception_id}`, tags, summary: "Take an exception back" },
      request: { params: params.extend({ exception_id: wholeNumber("Its id") }), headers },
      responses: { 200: done, ...refusals(400, 401, 403, 404) },
    });
    api.openapi(remove, async (c) => {
      const { owner, caller } = await ownerOf(c, services, "delete");
      await exceptions.remove(caller, owner, c.req.valid("param").exception_id);
      return c.body(null, 200);
    });
  }
}

function toBody(exception: Exception, now: number): z.infer<typeof exceptionSchema> {
  const { id, vulnerability, repository, digest, reason, expiresAt, author, createdAt } = exception;
  return {
    ...{ id, vulnerability, package: exception.package, repository, digest, reason },
    expires_at: expiresAt === null ? null : formatTime(expiresAt),
    expired: expiresAt !== null && expiresAt <= now,
    author,
    creation_time: formatTime(createdAt),
  };
}
