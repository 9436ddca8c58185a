import { BreakwaterError } from "../kernel/index.ts";
import type { RobotPermission } from "./principal.ts";

/** Harbor's. Without `+`, which parts the project's name from the robot's, and without a colon. */
const namePattern = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

/** Throws BAD_REQUEST when `name` may not be a robot's. */
export function requireRobotName(name: string): void {
  if (name.length <= 255 && namePattern.test(name)) return;
  throw new BreakwaterError(
    "BAD_REQUEST",
    "The name of a robot must have lower-case letters and digits, separated by one of . _ -, at most 255 characters.",
  );
}

/** Throws BAD_REQUEST unless `days` is -1 (never expires) or a whole number above zero. */
export function requireDuration(days: number): void {
  if (days === -1 || (Number.isInteger(days) && days > 0 && days < 2 ** 31)) return;
  throw new BreakwaterError(
    "BAD_REQUEST",
    "The duration must be -1 (never expires) or a number of days above zero.",
  );
}

/** Throws BAD_REQUEST for a description that is too long to be one, or that not every engine can store. */
export function requireDescription(description: string): void {
  if (description.length <= 1024 && !description.includes("\0")) return;
  throw new BreakwaterError(
    "BAD_REQUEST",
    "The description must have at most 1024 characters, none of them NUL.",
  );
}

/**
 * Throws BAD_REQUEST when the permissions do not fit the robot: a project's robot has none outside its project.
 * `project` is null for a robot of the system. Which resources and actions there are is not known here.
 */
export function requirePermissions(permissions: readonly RobotPermission[], project: string | null): void {
  if (permissions.length === 0) {
    throw new BreakwaterError("BAD_REQUEST", "A robot must have at least one permission.");
  }
  for (const { kind, namespace } of permissions) {
    if (kind === "system" && namespace !== "/") {
      throw new BreakwaterError("BAD_REQUEST", 'The namespace of a system permission must be "/".');
    }
    if (project !== null && (kind !== "project" || namespace !== project)) {
      throw new BreakwaterError(
        "BAD_REQUEST",
        `A robot of the project ${project} can have permissions in that project only.`,
      );
    }
  }
}
