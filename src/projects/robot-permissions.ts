import type { Action, Permission, ProjectResource, SystemResource } from "./policies.ts";

type Grantable<R extends string> = Readonly<Partial<Record<R, readonly Action[]>>>;

const all = ["create", "read", "update", "delete", "list"] as const;

/** What a robot can be given in a project (goharbor/harbor, src/common/rbac/const.go; `exception` is our own). */
const inProject: Grantable<ProjectResource> = {
  accessory: ["list"],
  artifact: ["create", "read", "delete", "list"],
  "artifact-addition": ["read"],
  "artifact-label": ["create", "delete"],
  exception: ["create", "delete", "list"],
  "export-cve": ["create", "read"],
  "immutable-tag": ["create", "update", "delete", "list"],
  label: all,
  log: ["list"],
  member: all,
  metadata: all,
  "notification-policy": all,
  "preheat-policy": all,
  project: ["read", "update", "delete"],
  quota: ["read"],
  repository: ["read", "update", "delete", "list", "pull", "push"],
  robot: ["create", "read", "delete", "list"],
  sbom: ["create", "read", "stop"],
  scan: ["create", "read", "stop"],
  scanner: ["create", "read"],
  tag: ["create", "delete", "list"],
  "tag-retention": all,
};

/** What a robot can be given in the system, by the same file. */
const inSystem: Grantable<SystemResource> = {
  "audit-log": ["list"],
  catalog: ["read"],
  exception: ["create", "delete", "list"],
  "garbage-collection": ["create", "read", "update", "list", "stop"],
  "jobservice-monitor": ["list", "stop"],
  label: ["create", "read", "update", "delete"],
  "ldap-user": ["create", "list"],
  "preheat-instance": all,
  project: ["create", "list"],
  "purge-audit": ["create", "read", "update", "list", "stop"],
  quota: ["read", "update", "list"],
  registry: all,
  replication: ["create", "read", "list"],
  "replication-adapter": ["list"],
  "replication-policy": all,
  robot: ["create", "read", "delete", "list"],
  "scan-all": ["create", "read", "update", "stop"],
  scanner: all,
  "security-hub": ["read", "list"],
  "system-volumes": ["read"],
  user: all,
  "user-group": all,
};

/** All that robots can be given. */
export const robotPermissions: Readonly<Record<"system" | "project", readonly Permission[]>> = {
  system: list(inSystem),
  project: list(inProject),
};

/** True when a robot can be given that permission. */
export function isRobotPermission(kind: "system" | "project", resource: string, action: string): boolean {
  return robotPermissions[kind].some((given) => given.resource === resource && given.action === action);
}

function list(grantable: Grantable<string>): readonly Permission[] {
  return Object.entries(grantable).flatMap(([resource, actions = []]) =>
    actions.map((action) => ({ resource, action })),
  );
}
