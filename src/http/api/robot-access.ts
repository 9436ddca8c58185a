import type { z } from "@hono/zod-openapi";
import type { Principal, RobotPermission } from "../../access/index.ts";
import type { Criterion } from "../../db/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import type { Action, ProjectRef, Rights } from "../../projects/index.ts";
import type { robotRequestSchema } from "./robot-body.ts";
import type { ApiServices } from "./services.ts";

/** Requires the right on the robot accounts of a project, or on those of the system where it is null. */
export async function requireRobotAccess(
  rights: Rights,
  principal: Principal,
  projectId: number | null,
  action: Action,
): Promise<void> {
  if (projectId === null) await rights.require(principal, null, "robot", action);
  else await rights.authorize(principal, { id: projectId }, "robot", action);
}

/**
 * The project whose robot account the request is about; null for the system's. A project's robot account has
 * exactly one permission set, in its project. Throws BAD_REQUEST, and where the principal has no right there.
 */
export async function toProject(
  rights: Rights,
  principal: Principal,
  { level, permissions }: z.infer<typeof robotRequestSchema>,
  action: Action,
): Promise<ProjectRef | null> {
  if (level === "system") return null;
  if (level !== "project") {
    throw new BreakwaterError("BAD_REQUEST", `bad request error level input: ${level.slice(0, 80)}`);
  }
  const [permission, ...more] = permissions;
  if (permission === undefined || more.length > 0) {
    throw new BreakwaterError("BAD_REQUEST", "A project's robot account has its permissions in one project.");
  }
  return rights.authorize(principal, { name: permission.namespace }, "robot", action);
}

/** Throws NOT_FOUND where a permission is for a project that does not exist. */
export async function requireRobotProjects(
  { projects }: ApiServices,
  permissions: readonly RobotPermission[],
): Promise<void> {
  const inProjects = permissions.filter(({ kind, namespace }) => kind === "project" && namespace !== "*");
  for (const name of new Set(inProjects.map(({ namespace }) => namespace))) await projects.get({ name });
}

/** Of `Level=project,ProjectID=<id>` the id; null for `Level=system` and where no level is said. */
export function projectOfQuery(criteria: ReadonlyMap<string, Criterion>): number | null {
  const level = exactly(criteria.get("level"));
  if (level === undefined || level === "system") return null;
  if (level !== "project") throw new BreakwaterError("BAD_REQUEST", "bad request error level input");
  const id = exactly(criteria.get("project_id"));
  if (id === undefined || !/^[1-9]\d{0,14}$/.test(id)) {
    throw new BreakwaterError("BAD_REQUEST", "must with project ID when to query project robots");
  }
  return Number(id);
}

/** Undefined when nothing is asked, empty when it is not one value that is asked. */
function exactly(criterion: Criterion | undefined): string | undefined {
  if (criterion === undefined) return undefined;
  return criterion.kind === "is" ? criterion.value : "";
}
