import { createRoute, z } from "@hono/zod-openapi";
import type { Quota } from "../../projects/index.ts";
import { listHeaders, pageHeaders, sortQuery, toListQuery } from "./pagination.ts";
import { type Api, identify } from "./request.ts";
import { body, done, json, refusals } from "./responses.ts";
import { formatTime, resourceList, time, wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const quotaSchema = z
  .object({
    id: z.number().int(),
    ref: z
      .object({ id: z.number().int(), name: z.string(), owner_name: z.string() })
      .openapi("QuotaRefObject"),
    hard: resourceList,
    used: resourceList,
    creation_time: time,
    update_time: time,
  })
  .openapi("Quota");

const params = z.object({ id: wholeNumber("The id of the quota") });

const listQuotas = createRoute({
  method: "get",
  path: "/quotas",
  tags: ["quota"],
  summary: "List quotas",
  request: {
    query: sortQuery.extend({
      reference: z.string().optional().openapi({ description: "What the quota is of: project" }),
      reference_id: z.string().optional().openapi({ description: "The id of the project" }),
    }),
  },
  responses: {
    200: { ...json(z.array(quotaSchema), "The quotas."), headers: listHeaders },
    ...refusals(400, 401, 403),
  },
});

const getQuota = createRoute({
  method: "get",
  path: "/quotas/{id}",
  tags: ["quota"],
  summary: "Get a quota",
  request: { params },
  responses: { 200: json(quotaSchema, "The quota."), ...refusals(400, 401, 403, 404) },
});

const updateQuota = createRoute({
  method: "put",
  path: "/quotas/{id}",
  tags: ["quota"],
  summary: "Set a quota's limit in bytes, -1 for none",
  request: { params, body: body(z.object({ hard: resourceList }).openapi("QuotaUpdateReq")) },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

export function addQuotas(api: Api, { access, quotas, rights }: ApiServices): void {
  api.openapi(listQuotas, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "quota", "list");
    const parameters = c.req.valid("query");
    const query = toListQuery(parameters);
    const { reference, reference_id: projectId } = parameters;
    const none = (reference && reference !== "project") || (projectId && !/^\d{1,15}$/.test(projectId));
    const page = none
      ? { items: [], total: 0 }
      : await quotas.list(query, projectId ? Number(projectId) : null);
    return c.json(page.items.map(toQuotaBody), 200, pageHeaders(c, page, query));
  });

  api.openapi(getQuota, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "quota", "read");
    return c.json(toQuotaBody(await quotas.get(c.req.valid("param").id)), 200);
  });

  api.openapi(updateQuota, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "quota", "update");
    await quotas.setLimit(caller, c.req.valid("param").id, c.req.valid("json").hard.storage);
    return c.body(null, 200);
  });
}

function toQuotaBody(quota: Quota): z.infer<typeof quotaSchema> {
  return {
    id: quota.projectId,
    ref: { id: quota.projectId, name: quota.projectName, owner_name: quota.ownerName },
    hard: { storage: quota.limit },
    used: { storage: quota.used },
    creation_time: formatTime(quota.createdAt),
    update_time: formatTime(quota.updatedAt),
  };
}
