import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, identifyKnown, locationOf } from "./request.ts";
import { body, created, json, refusals } from "./responses.ts";
import { projectOfQuery, requireRobotAccess, requireRobotProjects, toProject } from "./robot-access.ts";
import {
  createdRobotSchema,
  robotRequestSchema,
  robotSchema,
  toCreatedRobotBody,
  toPermissions,
  toRobotBody,
} from "./robot-body.ts";
import type { ApiServices } from "./services.ts";

const listRobots = createRoute({
  method: "get",
  path: "/robots",
  tags: ["robot"],
  summary: "List the robot accounts of the system, or with q=Level=project,ProjectID=<id> of a project",
  request: { query: listQuery },
  responses: {
    200: { ...json(z.array(robotSchema), "The robot accounts."), headers: listHeaders },
    ...refusals(400, 401, 403),
  },
});

const createRobot = createRoute({
  method: "post",
  path: "/robots",
  tags: ["robot"],
  summary: "Create a robot account; its secret is answered this once",
  request: { body: body(robotRequestSchema) },
  responses: {
    201: { ...created, ...json(createdRobotSchema, "Created.") },
    ...refusals(400, 401, 403, 404, 409),
  },
});

export function addRobots(api: Api, services: ApiServices): void {
  const { access, rights, settings } = services;

  api.openapi(listRobots, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const query = toListQuery(c.req.valid("query"));
    const projectId = projectOfQuery(query.criteria);
    await requireRobotAccess(rights, principal, projectId, "list");
    const criteria = new Map(query.criteria);
    if (projectId === null) {
      criteria.set("level", { kind: "is", value: "system" });
      criteria.delete("project_id");
    }
    const page = await access.robots.list({ ...query, criteria });
    const robots = page.items.map((robot) => toRobotBody(robot, settings.robotNamePrefix));
    return c.json(robots, 200, pageHeaders(c, page, query));
  });

  api.openapi(createRobot, async (c) => {
    const { principal, caller } = await identifyKnown(c, access);
    const request = c.req.valid("json");
    const project = await toProject(rights, principal, request, "create");
    if (project === null) await requireRobotAccess(rights, principal, null, "create");
    const permissions = toPermissions(request.permissions, principal);
    await requireRobotProjects(services, permissions);
    const { name, description, disable: disabled } = request;
    if (request.duration == null)
      throw new BreakwaterError("BAD_REQUEST", "Say the duration in days, or -1.");
    const { robot, secret } = await access.robots.create(caller, {
      name,
      description,
      disabled,
      duration: request.duration,
      permissions,
      project,
    });
    return c.json(toCreatedRobotBody(robot, secret), 201, { Location: locationOf(c, robot.id) });
  });
}
