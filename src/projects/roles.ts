/** The roles a member can have in a project, by the numbers that Harbor's clients know. */
export const roles = {
  projectAdmin: 1,
  developer: 2,
  guest: 3,
  maintainer: 4,
  limitedGuest: 5,
} as const;

export type RoleName = keyof typeof roles;
export type RoleId = (typeof roles)[RoleName];

/** From the most to the least powerful. */
export const roleIds: readonly RoleId[] = [
  roles.projectAdmin,
  roles.maintainer,
  roles.developer,
  roles.guest,
  roles.limitedGuest,
];

const names = new Map<number, RoleName>(Object.entries(roles).map(([name, id]) => [id, name as RoleName]));

export function isRoleId(id: number): id is RoleId {
  return names.has(id);
}

export function roleName(id: RoleId): RoleName {
  return names.get(id) ?? "limitedGuest";
}

/** The most powerful of them; undefined of none. */
export function highestRole(of: readonly RoleId[]): RoleId | undefined {
  return roleIds.find((role) => of.includes(role));
}
