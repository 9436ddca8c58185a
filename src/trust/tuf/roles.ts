/** The roles that every repository has (TUF specification 1.0, section 2.1). */
export const baseRoles = ["root", "targets", "snapshot", "timestamp"] as const;
export type BaseRole = (typeof baseRoles)[number];

const base: ReadonlySet<string> = new Set(baseRoles);
/** Delegations of delegations: more levels than anybody has, each of which costs whoever looks at the last. */
const delegation = /^targets(?:\/[-a-z0-9_]+){1,16}$/;
const maxLength = 255;

/** True of `targets/…` in the letters and length that Notary takes (the contract, section 3), sixteen levels deep at most. */
export function isDelegation(role: string): boolean {
  return role.length <= maxLength && delegation.test(role);
}

export function isRole(role: string): boolean {
  return base.has(role) || isDelegation(role);
}

/** `targets/a` of `targets/a/b`, `targets` of `targets/a`. */
export function parentOf(role: string): string {
  return role.slice(0, role.lastIndexOf("/"));
}

/** `targets` and what delegates to `role`, from the top, without the role itself. */
export function ancestorsOf(role: string): string[] {
  const segments = role.split("/");
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"));
}

/** Shallowest first, so that a parent is looked at before what it delegates to; then by name. */
export function byDepth(a: string, b: string): number {
  const depths = a.split("/").length - b.split("/").length;
  if (depths !== 0) return depths;
  return a < b ? -1 : a > b ? 1 : 0;
}
