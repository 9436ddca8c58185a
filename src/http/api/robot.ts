import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";
import { type Api, identifyKnown } from "./request.ts";
import { body, done, json, refusals } from "./responses.ts";
import { requireRobotAccess, requireRobotProjects, toProject } from "./robot-access.ts";
import { robotRequestSchema, robotSchema, toPermissions, toRobotBody } from "./robot-body.ts";
import { wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const path = "/robots/{robot_id}";
const request = { params: z.object({ robot_id: wholeNumber("The id of the robot account") }) };
const secretSchema = z.object({ secret: z.string().optional() }).openapi("RobotSec");

const getRobot = createRoute({
  method: "get",
  path,
  tags: ["robot"],
  summary: "Get a robot account",
  request,
  responses: { 200: json(robotSchema, "The robot account."), ...refusals(400, 401, 403, 404) },
});

const updateRobot = createRoute({
  method: "put",
  path,
  tags: ["robot"],
  summary: "Change a robot account; its name and level stay",
  request: { ...request, body: body(robotRequestSchema) },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

const refreshSecret = createRoute({
  method: "patch",
  path,
  tags: ["robot"],
  summary: "Give a robot account this secret, or a new one, which is answered",
  request: { ...request, body: body(secretSchema) },
  responses: { 200: json(secretSchema, "The new secret."), ...refusals(400, 401, 403, 404) },
});

const deleteRobot = createRoute({
  method: "delete",
  path,
  tags: ["robot"],
  summary: "Delete a robot account",
  request,
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

export function addRobot(api: Api, services: ApiServices): void {
  const { access, rights, settings } = services;
  const { robots } = access;

  api.openapi(getRobot, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const robot = await robots.get(c.req.valid("param").robot_id);
    await requireRobotAccess(rights, principal, robot.projectId, "read");
    return c.json(toRobotBody(robot, settings.robotNamePrefix), 200);
  });

  api.openapi(updateRobot, async (c) => {
    const { principal, caller } = await identifyKnown(c, access);
    const robot = await robots.get(c.req.valid("param").robot_id);
    await requireRobotAccess(rights, principal, robot.projectId, "update");
    const request = c.req.valid("json");
    if (request.level !== robot.level || request.name !== robot.name) {
      throw new BreakwaterError("BAD_REQUEST", "cannot update the level or name of robot");
    }
    const project = await toProject(rights, principal, request, "update");
    if ((project?.id ?? null) !== robot.projectId) {
      throw new BreakwaterError("BAD_REQUEST", "cannot update the project id of robot");
    }
    const permissions = toPermissions(request.permissions, principal);
    await requireRobotProjects(services, permissions);
    await robots.update(caller, robot.id, {
      description: request.description,
      disabled: request.disable,
      duration: request.duration ?? robot.duration,
      permissions,
    });
    return c.body(null, 200);
  });

  api.openapi(refreshSecret, async (c) => {
    const { principal, caller } = await identifyKnown(c, access);
    const robot = await robots.get(c.req.valid("param").robot_id);
    await requireRobotAccess(rights, principal, robot.projectId, "update");
    const { secret: given } = c.req.valid("json");
    const secret = await robots.refreshSecret(caller, robot.id, given || undefined);
    return c.json(given ? {} : { secret }, 200);
  });

  api.openapi(deleteRobot, async (c) => {
    const { principal, caller } = await identifyKnown(c, access);
    const robot = await robots.get(c.req.valid("param").robot_id);
    await requireRobotAccess(rights, principal, robot.projectId, "delete");
    await robots.delete(caller, robot.id);
    return c.body(null, 200);
  });
}
