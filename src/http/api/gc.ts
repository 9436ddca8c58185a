import { createRoute, z } from "@hono/zod-openapi";
import type { Job, JobQueue } from "../../jobs/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import { garbageCollection } from "../../registry/index.ts";
import { executionSchema, toExecutionBody } from "./gc-body.ts";
import { listHeaders, pageHeaders, pageQuery, toListQuery } from "./pagination.ts";
import { type Api, identify } from "./request.ts";
import { done, json, refusals } from "./responses.ts";
import { wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const path = "/system/gc/{gc_id}";
const tags = ["gc"];
const params = z.object({ gc_id: wholeNumber("The id of the collection") });

const listExecutions = createRoute({
  method: "get",
  path: "/system/gc",
  tags,
  summary: "List the collections of garbage, the last first",
  request: { query: pageQuery },
  responses: {
    200: { ...json(z.array(executionSchema), "The collections."), headers: listHeaders },
    ...refusals(400, 401, 403),
  },
});

const getExecution = createRoute({
  method: "get",
  path,
  tags,
  summary: "Get a collection of garbage and what it removed",
  request: { params },
  responses: { 200: json(executionSchema, "The collection."), ...refusals(400, 401, 403, 404) },
});

const stopExecution = createRoute({
  method: "put",
  path,
  tags,
  summary: "Stop a collection of garbage at the next point where it can end",
  request: { params },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

const getLog = createRoute({
  method: "get",
  path: `${path}/log`,
  tags,
  summary: "Get what a collection of garbage wrote down",
  request: { params },
  responses: {
    200: { description: "The log.", content: { "text/plain": { schema: z.string() } } },
    ...refusals(400, 401, 403, 404),
  },
});

export function addGc(api: Api, { access, audit, queue, rights }: ApiServices): void {
  api.openapi(listExecutions, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "garbage-collection", "list");
    const query = toListQuery(c.req.valid("query"));
    const { jobs, total } = await queue.list(garbageCollection, query.limit, query.offset);
    return c.json(jobs.map(toExecutionBody), 200, pageHeaders(c, { items: jobs, total }, query));
  });

  api.openapi(getExecution, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "garbage-collection", "read");
    return c.json(toExecutionBody(await requireCollection(queue, c.req.valid("param").gc_id)), 200);
  });

  api.openapi(stopExecution, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "garbage-collection", "stop");
    const { id } = await requireCollection(queue, c.req.valid("param").gc_id);
    const stopped = await queue.stop(id);
    await audit.recordNow(caller, {
      operation: "update",
      resourceType: "garbage-collection",
      resource: String(id),
      projectId: null,
      detail: stopped ? "stopped" : "had ended already",
    });
    return c.body(null, 200);
  });

  api.openapi(getLog, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "garbage-collection", "read");
    return c.text((await requireCollection(queue, c.req.valid("param").gc_id)).log, 200);
  });
}

/** Throws NOT_FOUND, also for a job of another kind. */
async function requireCollection(queue: JobQueue, id: number): Promise<Job> {
  const job = await queue.get(id);
  if (job?.kind === garbageCollection) return job;
  throw new BreakwaterError("NOT_FOUND", `There is no collection of garbage with the id ${id}.`);
}
