import { createRoute, z } from "@hono/zod-openapi";
import type { Principal } from "../../access/index.ts";
import type { AuditRecord } from "../../events/index.ts";
import type { Rights } from "../../projects/index.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, identify, identifyKnown } from "./request.ts";
import { json, refusals } from "./responses.ts";
import { formatTime, time } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const recordSchema = z
  .object({
    id: z.number().int(),
    username: z.string(),
    resource: z.string(),
    resource_type: z.string(),
    operation: z.string(),
    op_time: time,
  })
  .openapi("AuditLog");

const extendedSchema = recordSchema
  .extend({ operation_description: z.string(), operation_result: z.boolean() })
  .openapi("AuditLogExt");

const ofAll = "Get what happened: administrators in everything, others in the projects that they administer";
const ofProject = "Get what happened in a project";

const listAll = listRoute("/audit-logs", recordSchema, ofAll);
const listAllExtended = listRoute("/auditlog-exts", extendedSchema, ofAll);
const listOfProject = listRoute("/projects/{project_name}/logs", recordSchema, ofProject);
const listOfProjectExtended = listRoute("/projects/{project_name}/auditlog-exts", extendedSchema, ofProject);

const listEvents = createRoute({
  method: "get",
  path: "/auditlog-exts/events",
  tags: ["auditlog"],
  summary: "Get the kinds of things that are recorded",
  responses: {
    200: json(z.array(z.object({ event_type: z.string() }).openapi("AuditLogEventType")), "The kinds."),
    ...refusals(401, 403),
  },
});

const eventTypes = [
  ...["artifact", "member", "user", "robot", "label"].flatMap((of) => [`create_${of}`, `delete_${of}`]),
  ...["project", "member", "user", "robot", "label", "quota"].map((of) => `update_${of}`),
  "create_project",
  "delete_project",
  "pull_artifact",
  "tampered_tag",
  "expired_tag",
  "restored_tag",
  "expiring_trust",
  "vulnerable_artifact",
  "delete_repository",
  "login_user",
  "logout_user",
].sort();

export function addAuditLogs(api: Api, { access, auditReader, rights }: ApiServices): void {
  api.openapi(listAll, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const query = toListQuery(c.req.valid("query"));
    const page = await auditReader.list(await readableProjects(rights, principal), query);
    return c.json(page.items.map(toRecordBody), 200, pageHeaders(c, page, query));
  });

  api.openapi(listAllExtended, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const query = toListQuery(c.req.valid("query"));
    const page = await auditReader.list(await readableProjects(rights, principal), query);
    return c.json(page.items.map(toExtendedBody), 200, pageHeaders(c, page, query));
  });

  api.openapi(listOfProject, async (c) => {
    const { principal } = await identify(c, access);
    const key = { name: c.req.param("project_name") };
    const { id } = await rights.authorize(principal, key, "log", "list");
    const query = toListQuery(c.req.valid("query"));
    const page = await auditReader.list([id], query);
    return c.json(page.items.map(toRecordBody), 200, pageHeaders(c, page, query));
  });

  api.openapi(listOfProjectExtended, async (c) => {
    const { principal } = await identify(c, access);
    const key = { name: c.req.param("project_name") };
    const { id } = await rights.authorize(principal, key, "log", "list");
    const query = toListQuery(c.req.valid("query"));
    const page = await auditReader.list([id], query);
    return c.json(page.items.map(toExtendedBody), 200, pageHeaders(c, page, query));
  });

  api.openapi(listEvents, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "audit-log", "list");
    return c.json(
      eventTypes.map((event_type) => ({ event_type })),
      200,
    );
  });
}

function listRoute<P extends string, S extends z.ZodType>(path: P, schema: S, summary: string) {
  const params = z.object({ project_name: z.string().openapi({ description: "The name of the project" }) });
  return createRoute({
    method: "get",
    path,
    tags: ["auditlog"],
    summary,
    request: path.includes("{project_name}") ? { query: listQuery, params } : { query: listQuery },
    responses: {
      200: { ...json(z.array(schema), "The records, the latest first."), headers: listHeaders },
      ...refusals(400, 401, 403),
    },
  });
}

/** Null for everything. */
async function readableProjects(rights: Rights, principal: Principal): Promise<readonly number[] | null> {
  if (await rights.can(principal, null, "audit-log", "list")) return null;
  return rights.projectsWhere(principal, "log", "list");
}

function toRecordBody(record: AuditRecord): z.infer<typeof recordSchema> {
  return {
    id: record.id,
    username: record.actor,
    resource: record.resource,
    resource_type: record.resourceType,
    operation: record.operation,
    op_time: formatTime(record.at),
  };
}

function toExtendedBody(record: AuditRecord): z.infer<typeof extendedSchema> {
  const { operation, resourceType, resource, detail, times, address } = record;
  const description = [
    `${operation} ${resourceType} ${resource}`,
    detail === null ? "" : `: ${detail}`,
    times > 1 ? `, ${times} times` : "",
    address === "" ? "" : `, from ${address}`,
  ];
  return {
    ...toRecordBody(record),
    operation_description: description.join(""),
    operation_result: record.outcome === "success",
  };
}
