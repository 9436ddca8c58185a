import type { Robots } from "../access/index.ts";
import type { Database } from "../db/index.ts";
import type { AuditLog, Events } from "../events/index.ts";
import type { Clock } from "../kernel/index.ts";
import { Labels } from "./labels.ts";
import { Members } from "./members.ts";
import { Overview } from "./overview.ts";
import { Projects } from "./projects.ts";
import { Quotas } from "./quotas.ts";
import { Rights } from "./rights.ts";

export type { Label, Labels, LabelText } from "./labels.ts";
export type { Member, MemberQuery, Members, UserKey } from "./members.ts";
export type { Metadata } from "./metadata.ts";
export type { Counts, FoundRepository, Overview } from "./overview.ts";
export {
  type Action,
  type Permission,
  type ProjectResource,
  projectPermissions,
  type SystemResource,
  systemPermissions,
} from "./policies.ts";
export type { CveAllowlist, Project } from "./project.ts";
export { type NewProject, obstacleToDeletion, type ProjectChange, type Projects } from "./projects.ts";
export type { Quota, Quotas } from "./quotas.ts";
export {
  type ProjectKey,
  type ProjectRef,
  projectNotFound,
  type RepositoryAction,
  type Resource,
  type Rights,
} from "./rights.ts";
export { isRobotPermission, robotPermissions } from "./robot-permissions.ts";
export { highestRole, type RoleId, type RoleName, roleName, roles } from "./roles.ts";
export { visibleTo } from "./visibility.ts";

/** Everything about projects, and the one judge of rights. */
export interface ProjectServices {
  readonly projects: Projects;
  readonly members: Members;
  readonly quotas: Quotas;
  readonly labels: Labels;
  readonly overview: Overview;
  readonly rights: Rights;
}

/**
 * `robots` are those of the room `access`: they lose their rights in a project that is deleted. By `events` others hear of
 * that. `hosts` are those that this server answers to.
 */
export function createProjects(
  database: Database,
  audit: AuditLog,
  clock: Clock,
  robots: Pick<Robots, "forgetProject">,
  events: Events,
  hosts: readonly string[] = [],
): ProjectServices {
  return {
    projects: new Projects(database, audit, clock, robots, events, hosts),
    members: new Members(database, audit, clock),
    quotas: new Quotas(database, audit, clock),
    labels: new Labels(database, audit, clock),
    overview: new Overview(database),
    rights: new Rights(database),
  };
}
