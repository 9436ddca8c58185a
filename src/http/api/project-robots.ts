import { createRoute, z } from "@hono/zod-openapi";
import type { Robot, Robots } from "../../access/index.ts";
import { BreakwaterError, day, second } from "../../kernel/index.ts";
import type { ProjectRef } from "../../projects/index.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, identify, locationOf } from "./request.ts";
import { body, created, done, json, refusals } from "./responses.ts";
import {
  accessSchema,
  createdRobotSchema,
  defaultRobotDuration,
  robotSchema,
  toCreatedRobotBody,
  toPermissions,
  toRobotBody,
} from "./robot-body.ts";
import { projectHeaders, projectKey, projectParams, wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const newRobotSchema = z
  .object({
    name: z.string().default(""),
    description: z.string().max(1024).default(""),
    expires_at: z
      .number()
      .int()
      .default(0)
      .openapi({ description: `Seconds since 1970, -1 for never, 0 for in ${defaultRobotDuration} days` }),
    access: z.array(accessSchema).max(500).default([]),
  })
  .openapi("RobotCreateV1");

const path = "/projects/{project_name_or_id}/robots";
const tags = ["robotv1"];
const request = { params: projectParams, headers: projectHeaders };
const requestForOne = {
  params: projectParams.extend({ robot_id: wholeNumber("The id of the robot account") }),
  headers: projectHeaders,
};

const listRobots = createRoute({
  method: "get",
  path,
  tags,
  summary: "List a project's robot accounts",
  request: { ...request, query: listQuery },
  responses: {
    200: { ...json(z.array(robotSchema), "The robot accounts."), headers: listHeaders },
    ...refusals(400, 401, 403, 404),
  },
});

const createRobot = createRoute({
  method: "post",
  path,
  tags,
  summary: "Create a robot account of a project; its secret is answered this once",
  request: { ...request, body: body(newRobotSchema) },
  responses: {
    201: { ...created, ...json(createdRobotSchema, "Created.") },
    ...refusals(400, 401, 403, 404, 409),
  },
});

const getRobot = createRoute({
  method: "get",
  path: `${path}/{robot_id}`,
  tags,
  summary: "Get a robot account of a project",
  request: requestForOne,
  responses: { 200: json(robotSchema, "The robot account."), ...refusals(400, 401, 403, 404) },
});

const updateRobot = createRoute({
  method: "put",
  path: `${path}/{robot_id}`,
  tags,
  summary: "Disable or enable a robot account of a project",
  request: { ...requestForOne, body: body(z.object({ disable: z.boolean().default(false) })) },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

const deleteRobot = createRoute({
  method: "delete",
  path: `${path}/{robot_id}`,
  tags,
  summary: "Delete a robot account of a project",
  request: requestForOne,
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

/** The paths of Harbor before 2.12, which older tools still use. */
export function addProjectRobots(api: Api, { access, clock, rights, settings }: ApiServices): void {
  const { robots } = access;

  api.openapi(listRobots, async (c) => {
    const { principal } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "robot", "list");
    const query = toListQuery(c.req.valid("query"));
    const criteria = new Map(query.criteria).set("project_id", { kind: "is", value: String(id) });
    const page = await robots.list({ ...query, criteria });
    const items = page.items.map((robot) => toRobotBody(robot, settings.robotNamePrefix));
    return c.json(items, 200, pageHeaders(c, page, query));
  });

  api.openapi(createRobot, async (c) => {
    const { principal, caller } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const project = await rights.authorize(principal, key, "robot", "create");
    const { name, description, expires_at, access: given } = c.req.valid("json");
    const permission = {
      kind: "project",
      namespace: project.name,
      access: given.map(({ resource, action }) => ({ resource: toResource(resource, project), action })),
    };
    const { robot, secret } = await robots.create(caller, {
      name,
      description,
      disabled: false,
      duration: toDuration(expires_at, clock()),
      permissions: toPermissions([permission], principal),
      project,
    });
    return c.json(toCreatedRobotBody(robot, secret), 201, { Location: locationOf(c, robot.id) });
  });

  api.openapi(getRobot, async (c) => {
    const { principal } = await identify(c, access);
    const parameters = c.req.valid("param");
    const key = projectKey(parameters, c.req.valid("header"));
    const project = await rights.authorize(principal, key, "robot", "read");
    const robot = await requireRobot(robots, project, parameters.robot_id);
    return c.json(toRobotBody(robot, settings.robotNamePrefix), 200);
  });

  api.openapi(updateRobot, async (c) => {
    const { principal, caller } = await identify(c, access);
    const parameters = c.req.valid("param");
    const key = projectKey(parameters, c.req.valid("header"));
    const project = await rights.authorize(principal, key, "robot", "update");
    const robot = await requireRobot(robots, project, parameters.robot_id);
    const { description, duration, permissions } = robot;
    const { disable: disabled } = c.req.valid("json");
    await robots.update(caller, robot.id, { description, duration, permissions, disabled });
    return c.body(null, 200);
  });

  api.openapi(deleteRobot, async (c) => {
    const { principal, caller } = await identify(c, access);
    const parameters = c.req.valid("param");
    const key = projectKey(parameters, c.req.valid("header"));
    const project = await rights.authorize(principal, key, "robot", "delete");
    const robot = await requireRobot(robots, project, parameters.robot_id);
    await robots.delete(caller, robot.id);
    return c.body(null, 200);
  });
}

/** Throws NOT_FOUND where the project has no robot account of that id. */
async function requireRobot(robots: Robots, project: ProjectRef, id: number): Promise<Robot> {
  const robot = await robots.get(id);
  if (robot.projectId === project.id) return robot;
  throw new BreakwaterError("NOT_FOUND", `There is no robot account with the id ${id}.`);
}

/** `repository` of `/project/<id>/repository`. */
function toResource(text: string, project: ProjectRef): string {
  const [, id, resource] = /^\/project\/(\d{1,15})\/([a-z-]+)$/.exec(text) ?? [];
  if (resource !== undefined && Number(id) === project.id) return resource;
  throw new BreakwaterError("BAD_REQUEST", `bad resource ${text.slice(0, 80)}`);
}

/** Days from now until `expiresAt`, rounded up. Throws BAD_REQUEST for what has passed. */
function toDuration(expiresAt: number, now: number): number {
  if (expiresAt === 0) return defaultRobotDuration;
  if (expiresAt === -1) return -1;
  if (expiresAt * second > now) return Math.ceil((expiresAt * second - now) / day);
  throw new BreakwaterError("BAD_REQUEST", "expires_at has passed already: it is in seconds since 1970.");
}
