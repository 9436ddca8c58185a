import { type Principal, principalName } from "../access/index.ts";
import type { Database } from "../db/index.ts";
import { BreakwaterError } from "../kernel/index.ts";
import {
  type Action,
  everybodyMay,
  type Permission,
  type ProjectResource,
  projectPermissions,
  roleMay,
  type SystemResource,
  systemPermissions,
} from "./policies.ts";
import { type RoleId, roleIds } from "./roles.ts";

/** What a decision about a project needs to know of it. */
export interface ProjectRef {
  readonly id: number;
  readonly name: string;
  readonly public: boolean;
}

/** How a client names a project. */
export type ProjectKey = { readonly id: number } | { readonly name: string };

export type Resource = ProjectResource | SystemResource;
/** `scanner-pull` is to pull for a scanner, whatever the project's policy says of the image: else no bad one could be scanned. */
export type RepositoryAction = "pull" | "push" | "delete" | "scanner-pull";

const repositoryActions = {
  pull: ["repository", "pull"],
  push: ["repository", "push"],
  delete: ["artifact", "delete"],
} as const satisfies Record<Exclude<RepositoryAction, "scanner-pull">, readonly [ProjectResource, Action]>;

/**
 * The one place that decides who may do what. A project that somebody may not see and one that does not exist
 * are answered alike, so that names of private projects do not leak.
 */
export class Rights {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** May `principal` do it in `project`, or, where that is null, in the system as a whole? */
  async can(
    principal: Principal,
    project: ProjectRef | null,
    resource: Resource,
    action: Action,
  ): Promise<boolean> {
    if (principal.kind === "user" && principal.admin) return true;
    if (project === null) return principal.kind === "robot" && holds(principal, "/", resource, action);
    if (project.public && everybodyMay(resource, action)) return true;
    if (principal.kind === "robot") {
      return holds(principal, project.name, resource, action) || holds(principal, "*", resource, action);
    }
    const rolesHeld = await this.rolesOf(principal, project.id);
    return rolesHeld.some((role) => roleMay(role, resource, action));
  }

  /** Throws UNAUTHORIZED for the anonymous and FORBIDDEN for others, naming the right that is missing. */
  async require(
    principal: Principal,
    project: ProjectRef | null,
    resource: Resource,
    action: Action,
  ): Promise<void> {
    if (await this.can(principal, project, resource, action)) return;
    if (project === null) throw refusal(principal, resource, action, "of the system");
    const visible = await this.can(principal, project, "project", "read");
    throw refusal(principal, resource, action, visible ? `in project "${project.name}"` : "in that project");
  }

  /**
   * The project that a client names, once `principal` is known to have the right there. Otherwise throws as
   * `require` does, also where there is no such project; only an admin is told so, by NOT_FOUND.
   */
  async authorize(
    principal: Principal,
    key: ProjectKey,
    resource: ProjectResource,
    action: Action,
  ): Promise<ProjectRef> {
    const project = await this.#find(key);
    if (project === undefined) {
      if (principal.kind === "user" && principal.admin) throw projectNotFound(key);
      throw refusal(principal, resource, action, hidden(key));
    }
    if (await this.can(principal, project, resource, action)) return project;
    const visible = await this.can(principal, project, "project", "read");
    throw refusal(principal, resource, action, visible ? `in project "${project.name}"` : hidden(key));
  }

  /**
   * What the principal may do with the repositories of a project, or with that one of them, by its full name; nothing
   * where there is no such project.
   */
  async repositoryActions(
    principal: Principal,
    projectName: string,
    repository?: string,
  ): Promise<ReadonlySet<RepositoryAction>> {
    const project = await this.#find({ name: projectName });
    if (project === undefined) return new Set();
    const allowed = new Set(actionsInRepository(principal, repository));
    for (const [name, [resource, action]] of Object.entries(repositoryActions)) {
      if (await this.can(principal, project, resource, action)) allowed.add(name as RepositoryAction);
    }
    return allowed;
  }

  /** Everything that the principal may do in the project, or in the system. */
  async permissionsOf(principal: Principal, project: ProjectRef | null): Promise<readonly Permission[]> {
    const candidates: readonly Permission<Resource>[] =
      project === null ? systemPermissions : projectPermissions;
    const held = await Promise.all(
      candidates.map(({ resource, action }) => this.can(principal, project, resource, action)),
    );
    return candidates.filter((_, index) => held[index]);
  }

  /** The roles that the principal has as a member of the project. */
  async rolesOf(principal: Principal, projectId: number): Promise<readonly RoleId[]> {
    if (principal.kind !== "user") return [];
    const rows = await this.#database.read
      .selectFrom("project_member")
      .select("role_id")
      .where("project_id", "=", projectId)
      .where("entity_type", "=", "u")
      .where("entity_id", "=", principal.id)
      .execute();
    return rows.map((row) => row.role_id as RoleId);
  }

  /** The ids of the projects in which the principal has the right as a member. */
  async projectsWhere(
    principal: Principal,
    resource: ProjectResource,
    action: Action,
  ): Promise<readonly number[]> {
    const able = roleIds.filter((role) => roleMay(role, resource, action));
    if (principal.kind !== "user" || able.length === 0) return [];
    const rows = await this.#database.read
      .selectFrom("project_member")
      .select("project_id")
      .where("entity_type", "=", "u")
      .where("entity_id", "=", principal.id)
      .where("role_id", "in", able)
      .execute();
    return rows.map((row) => row.project_id);
  }

  /** The project of that name or id, whoever asks; undefined when there is none. */
  async #find(key: ProjectKey): Promise<ProjectRef | undefined> {
    const projects = this.#database.read.selectFrom("project").select(["id", "name", "public"]);
    const row = await ("id" in key
      ? projects.where("id", "=", key.id)
      : projects.where("name", "=", key.name)
    ).executeTakeFirst();
    return row && { id: row.id, name: row.name, public: row.public === 1 };
  }
}

/** NOT_FOUND, for those who may know. */
export function projectNotFound(key: ProjectKey): BreakwaterError {
  return new BreakwaterError("NOT_FOUND", `There is no project ${named(key)}.`);
}

/**
 * A robot's own permissions. Whoever may push a repository may also pull it: clients ask which blobs are there
 * already before they push the others.
 */
function holds(
  robot: Extract<Principal, { kind: "robot" }>,
  namespace: string,
  resource: string,
  action: Action,
): boolean {
  const kind = namespace === "/" ? "system" : "project";
  return robot.permissions.some(
    (permission) =>
      permission.kind === kind &&
      permission.namespace === namespace &&
      permission.resource === resource &&
      (permission.action === action ||
        (resource === "repository" && action === "pull" && permission.action === "push")),
  );
}

/** A scanner's robot holds rights in one repository, by a permission whose namespace is the repository's full name. */
function actionsInRepository(
  principal: Principal,
  repository: string | undefined,
): readonly RepositoryAction[] {
  if (principal.kind !== "robot" || repository === undefined) return [];
  const actions = ["pull", "push", "scanner-pull"] as const;
  return actions.filter((action) =>
    principal.permissions.some(
      (held) =>
        held.kind === "project" &&
        held.namespace === repository &&
        held.resource === "repository" &&
        held.action === action,
    ),
  );
}

function refusal(principal: Principal, resource: Resource, action: Action, where: string): BreakwaterError {
  const right = `the right "${action}" on "${resource}" ${where}`;
  return principal.kind === "anonymous"
    ? new BreakwaterError("UNAUTHORIZED", `Log in: this needs ${right}.`)
    : new BreakwaterError("FORBIDDEN", `The ${principal.kind} "${principalName(principal)}" lacks ${right}.`);
}

function hidden(key: ProjectKey): string {
  return `in project ${named(key)}, or there is no such project`;
}

function named(key: ProjectKey): string {
  return "name" in key ? `"${key.name.slice(0, 255)}"` : String(key.id);
}
