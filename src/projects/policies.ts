import { type RoleId, roles } from "./roles.ts";

/**
 * Harbor's permissions of its project roles (goharbor/harbor, src/common/rbac/project/rbac_role.go). A cell names
 * who has the right: A project admin, M maintainer, D developer, G guest, L limited guest, and P everybody,
 * logged in or not, while the project is public. The resource `project` is the project itself.
 *
 * One cell differs: Harbor lets no role list the metadata that each may read one by one. `exception`, what is overlooked
 * of what is known against images, is Breakwater's own.
 */
const projectPolicies = {
  project: { read: "AMDGLP", update: "A", delete: "A" },
  member: { create: "A", read: "AMDG", update: "A", delete: "A", list: "AMDG" },
  metadata: { create: "A", read: "AM", update: "A", delete: "A", list: "AM" },
  configuration: { read: "AMDGL", update: "A" },
  log: { list: "A" },
  quota: { read: "AMDGL" },
  label: { create: "AM", read: "AMDGP", update: "AM", delete: "AM", list: "AMDGP" },
  robot: { create: "A", read: "AMDG", update: "A", delete: "A", list: "AMDG" },
  repository: {
    create: "AMD",
    read: "AMDGL",
    update: "AMD",
    delete: "AM",
    list: "AMDGLP",
    pull: "AMDGLP",
    push: "AMD",
  },
  artifact: { create: "AMD", read: "AMDGLP", delete: "AM", list: "AMDGLP" },
  "artifact-addition": { read: "AMDGLP" },
  "artifact-label": { create: "AMD", delete: "AMD" },
  accessory: { list: "AMDGLP" },
  tag: { create: "AMD", delete: "AM", list: "AMDGLP" },
  "tag-retention": { create: "AMD", read: "AMD", update: "AMD", delete: "AMD", list: "AMD", operate: "AMD" },
  "immutable-tag": { create: "AM", update: "AM", delete: "AM", list: "AM" },
  "notification-policy": { create: "A", read: "AM", update: "A", delete: "A", list: "AM" },
  "preheat-policy": { create: "A", read: "A", update: "A", delete: "A", list: "A" },
  scan: { create: "AM", read: "AMDGLP", stop: "AM" },
  sbom: { create: "AM", read: "AMDGL", stop: "AM" },
  scanner: { create: "A", read: "AMDGLP" },
  "export-cve": { create: "AMD", read: "AMD", list: "AMD" },
  exception: { create: "A", delete: "A", list: "AMDGL" },
} as const satisfies Record<string, Partial<Record<Action, string>>>;

/**
 * What there is to do in the system as a whole (src/common/rbac/system/policies.go, and what robots may be
 * given beyond it in src/common/rbac/const.go). Admins may all of it, robots what they were given, others
 * nothing.
 */
const systemPolicies = {
  "audit-log": ["list"],
  catalog: ["read"],
  configuration: ["read", "update"],
  distribution: ["create", "read", "update", "delete", "list"],
  exception: ["create", "delete", "list"],
  "garbage-collection": ["create", "read", "update", "delete", "list", "stop"],
  "jobservice-monitor": ["read", "list", "stop"],
  label: ["create", "read", "update", "delete"],
  "ldap-user": ["create", "list"],
  "preheat-instance": ["create", "read", "update", "delete", "list"],
  project: ["create", "read", "update", "delete", "list"],
  "purge-audit": ["create", "read", "update", "list", "stop"],
  quota: ["read", "update", "list"],
  registry: ["create", "read", "update", "delete", "list"],
  replication: ["create", "read", "update", "delete", "list"],
  "replication-adapter": ["list"],
  "replication-policy": ["create", "read", "update", "delete", "list"],
  robot: ["create", "read", "update", "delete", "list"],
  "scan-all": ["create", "read", "update", "delete", "list", "stop"],
  scanner: ["create", "read", "update", "delete", "list"],
  "security-hub": ["read", "list"],
  "system-volumes": ["read"],
  user: ["create", "read", "update", "delete", "list"],
  "user-group": ["create", "read", "update", "delete", "list"],
} as const satisfies Record<string, readonly Action[]>;

export type Action = "create" | "read" | "update" | "delete" | "list" | "pull" | "push" | "operate" | "stop";
export type ProjectResource = keyof typeof projectPolicies;
export type SystemResource = keyof typeof systemPolicies;

export interface Permission<R extends string = string> {
  readonly resource: R;
  readonly action: Action;
}

/** Everything that can be done in a project. */
export const projectPermissions: readonly Permission<ProjectResource>[] = keys(projectPolicies).flatMap(
  (resource) => keys(projectPolicies[resource]).map((action) => ({ resource, action })),
);

/** Everything that can be done in the system. */
export const systemPermissions: readonly Permission<SystemResource>[] = keys(systemPolicies).flatMap(
  (resource) => systemPolicies[resource].map((action) => ({ resource, action })),
);

const letters: Readonly<Record<RoleId, string>> = {
  [roles.projectAdmin]: "A",
  [roles.maintainer]: "M",
  [roles.developer]: "D",
  [roles.guest]: "G",
  [roles.limitedGuest]: "L",
};

/** True when a member with `role` may do it in the project. */
export function roleMay(role: RoleId, resource: string, action: Action): boolean {
  return holders(resource, action).includes(letters[role]);
}

/** True when everybody may do it in a public project. */
export function everybodyMay(resource: string, action: Action): boolean {
  return holders(resource, action).includes("P");
}

function holders(resource: string, action: Action): string {
  if (!Object.hasOwn(projectPolicies, resource)) return "";
  const actions: Partial<Record<Action, string>> = projectPolicies[resource as ProjectResource];
  return actions[action] ?? "";
}

function keys<T extends object>(record: T): (keyof T)[] {
  return Object.keys(record) as (keyof T)[];
}
