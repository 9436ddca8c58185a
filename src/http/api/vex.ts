import { createRoute, z } from "@hono/zod-openapi";
import type { ImportedVex } from "../../scan/index.ts";
import { ownerOf, ownerParams, ownerPaths } from "./exception-owner.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, locationOf } from "./request.ts";
import { body, created, done, json, refusals } from "./responses.ts";
import { formatTime, projectHeaders, time, wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const tags = ["exception"];

const vexSchema = z
  .object({
    id: z.number().int(),
    format: z.enum(["openvex", "csaf"]),
    author: z.string(),
    name: z.string().openapi({ description: "What its author calls it" }),
    version: z.string(),
    issued_at: time,
    statements: z.number().int(),
    imported_by: z.string(),
    imported_at: time,
  })
  .openapi("VexDocument");

const documentSchema = z.looseObject({}).openapi("VexDocumentReq", {
  description: "An OpenVEX document, or a CSAF document of the category csaf_vex, as it is",
});

export function addVex(api: Api, services: ApiServices): void {
  const { vexDocuments } = services.exceptions;
  for (const base of ownerPaths) {
    const path = `${base}/vex`;
    const headers = projectHeaders;
    const params = ownerParams[base];

    const list = createRoute({
      ...{ method: "get", path, tags, summary: "List the VEX documents that were imported" },
      request: { params, headers, query: listQuery },
      responses: {
        200: { ...json(z.array(vexSchema), "The documents."), headers: listHeaders },
        ...refusals(400, 401, 403, 404),
      },
    });
    api.openapi(list, async (c) => {
      const { owner } = await ownerOf(c, services, "list");
      const query = toListQuery(c.req.valid("query"));
      const page = await vexDocuments.list(owner, query);
      return c.json(page.items.map(toBody), 200, pageHeaders(c, page, query));
    });

    const add = createRoute({
      ...{ method: "post", path, tags, summary: "Import a VEX document; it replaces an older one" },
      request: { params, headers, body: body(documentSchema) },
      responses: { 201: created, ...refusals(400, 401, 403, 404, 409) },
    });
    api.openapi(add, async (c) => {
      const { owner, caller } = await ownerOf(c, services, "create");
      const { id } = await vexDocuments.import(caller, owner, c.req.valid("json"));
      return c.body(null, 201, { Location: locationOf(c, id) });
    });

    const remove = createRoute({
      ...{ method: "delete", path: `${path}/{vex_id}`, tags, summary: "Remove a VEX document" },
      request: { params: params.extend({ vex_id: wholeNumber("Its id") }), headers },
      responses: { 200: done, ...refusals(400, 401, 403, 404) },
    });
    api.openapi(remove, async (c) => {
      const { owner, caller } = await ownerOf(c, services, "delete");
      await vexDocuments.remove(caller, owner, c.req.valid("param").vex_id);
      return c.body(null, 200);
    });
  }
}

function toBody(vex: ImportedVex): z.infer<typeof vexSchema> {
  const { id, format, author, name, version, issuedAt, statements, importedBy, importedAt } = vex;
  return {
    ...{ id, format, author, name, version, statements },
    issued_at: formatTime(issuedAt),
    imported_by: importedBy,
    imported_at: formatTime(importedAt),
  };
}
