import { z } from "@hono/zod-openapi";
import type { Principal, Robot, RobotPermission } from "../../access/index.ts";
import { BreakwaterError, second } from "../../kernel/index.ts";
import { isRobotPermission } from "../../projects/index.ts";
import { formatTime, time } from "./schemas.ts";

/** Days that a robot account lives when nobody says: Harbor's `robot_token_duration`. */
export const defaultRobotDuration = 30;

export const accessSchema = z
  .object({ resource: z.string(), action: z.string(), effect: z.string().optional() })
  .openapi("Access");

const permissionSchema = z
  .object({
    kind: z.string().openapi({ description: "system or project" }),
    namespace: z.string().openapi({ description: "/, a project's name, or * for all projects" }),
    access: z.array(accessSchema).max(500),
  })
  .openapi("RobotPermission");

export const robotRequestSchema = z
  .object({
    name: z.string().default(""),
    description: z.string().max(1024).default(""),
    level: z.string().default(""),
    duration: z
      .number()
      .int()
      .nullish()
      .openapi({ description: "Days, -1 for never; an update may leave it out" }),
    disable: z.boolean().default(false),
    permissions: z.array(permissionSchema).max(500).default([]),
  })
  .openapi("RobotCreate");

export const robotSchema = z
  .object({
    id: z.number().int(),
    name: z.string(),
    description: z.string(),
    level: z.enum(["system", "project"]),
    duration: z.number().int(),
    editable: z.boolean(),
    disable: z.boolean(),
    expires_at: z.number().int().openapi({ description: "Seconds since 1970, -1 for never" }),
    permissions: z.array(permissionSchema),
    creator_type: z.enum(["local", "robot"]),
    creation_time: time,
    update_time: time,
  })
  .openapi("Robot");

export const createdRobotSchema = z
  .object({
    id: z.number().int(),
    name: z.string(),
    secret: z.string(),
    creation_time: time,
    expires_at: z.number().int(),
  })
  .openapi("RobotCreated");

export function toRobotBody(robot: Robot, namePrefix: string): z.infer<typeof robotSchema> {
  const byNamespace = Map.groupBy(robot.permissions, ({ kind, namespace }) => `${kind}:${namespace}`);
  return {
    id: robot.id,
    name: robot.name,
    description: robot.description,
    level: robot.level,
    duration: robot.duration,
    editable: true,
    disable: robot.disabled,
    expires_at: toExpiry(robot),
    permissions: [...byNamespace.values()].flatMap((permissions) => {
      const [first] = permissions;
      if (first === undefined) return [];
      const access = permissions.map(({ resource, action }) => ({ resource, action }));
      return [{ kind: first.kind, namespace: first.namespace, access }];
    }),
    creator_type: robot.creator.startsWith(namePrefix) ? "robot" : "local",
    creation_time: formatTime(robot.createdAt),
    update_time: formatTime(robot.updatedAt),
  };
}

export function toCreatedRobotBody(robot: Robot, secret: string): z.infer<typeof createdRobotSchema> {
  return {
    id: robot.id,
    name: robot.name,
    secret,
    creation_time: formatTime(robot.createdAt),
    expires_at: toExpiry(robot),
  };
}

/**
 * The permissions one by one. Throws BAD_REQUEST where there are none or where there is no such permission,
 * DENIED where a robot would give away more than it has itself.
 */
export function toPermissions(
  given: z.infer<typeof robotRequestSchema>["permissions"],
  principal: Principal,
): readonly RobotPermission[] {
  if (given.length === 0 || given.some(({ access }) => access.length === 0)) {
    throw new BreakwaterError("BAD_REQUEST", "A robot account must be given at least one permission.");
  }
  const permissions = given.flatMap(({ kind, namespace, access }) =>
    access.map(({ resource, action }) => toPermission(kind, namespace, resource, action)),
  );
  if (principal.kind === "robot") {
    const excess = permissions.find((permission) => !isHeld(permission, principal.permissions));
    if (excess !== undefined) {
      throw new BreakwaterError(
        "DENIED",
        `The robot account ${principal.name} cannot give ${excess.resource}:${excess.action} in ${excess.namespace}, which it does not have.`,
      );
    }
  }
  return permissions;
}

function toPermission(kind: string, namespace: string, resource: string, action: string): RobotPermission {
  if (kind !== "system" && kind !== "project") {
    throw new BreakwaterError("BAD_REQUEST", `bad request permission level: ${kind.slice(0, 80)}`);
  }
  if (isRobotPermission(kind, resource, action)) return { kind, namespace, resource, action };
  throw new BreakwaterError(
    "BAD_REQUEST",
    `bad request permission: ${resource.slice(0, 80)}:${action.slice(0, 80)}`,
  );
}

function isHeld(wanted: RobotPermission, held: readonly RobotPermission[]): boolean {
  return held.some(
    ({ kind, namespace, resource, action }) =>
      kind === wanted.kind &&
      (namespace === wanted.namespace || namespace === "*") &&
      resource === wanted.resource &&
      action === wanted.action,
  );
}

function toExpiry({ expiresAt }: Robot): number {
  return expiresAt === null ? -1 : Math.floor(expiresAt / second);
}
