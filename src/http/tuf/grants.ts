import type { Principal } from "../../access/index.ts";
import { BreakwaterError, projectOf, type Soon, soon } from "../../kernel/index.ts";
import type { Rights } from "../../projects/index.ts";
import type { Trust } from "../../trust/index.ts";
import type { TrustAction } from "./services.ts";

/** What a principal may do with the trust data of a GUN; null when the name is no GUN of this server's. */
export type TrustGrants = (principal: Principal, gun: string) => Promise<ReadonlySet<TrustAction> | null>;

/**
 * Whether trust data here may have that name. `isProject` tells whether a project has a name: where one is called like
 * this server's host, its repositories are called like GUNs, and a token for the one must not open the other.
 */
export function createGunCheck(
  names: Trust["names"],
  isProject: (name: string) => Soon<boolean>,
): (gun: string) => Soon<boolean> {
  return (gun) =>
    names.repositoryOf(gun) !== null &&
    // With a port it is no repository's name.
    (gun.includes(":") ||
      soon(isProject(gun.slice(0, gun.indexOf("/"))), (isOneOfProjects) => !isOneOfProjects));
}

/**
 * Rights in trust data are those in the repository that it is about; who administers the project may delete it and
 * rotate the server's keys.
 */
export function createTrustGrants(
  names: Trust["names"],
  rights: Pick<Rights, "repositoryActions" | "authorize">,
  isGun: (gun: string) => Soon<boolean>,
): TrustGrants {
  return async (principal, gun) => {
    const repository = names.repositoryOf(gun);
    if (repository === null || !(await isGun(gun))) return null;
    const name = projectOf(repository);
    const held = await rights.repositoryActions(principal, name);
    const granted = new Set<TrustAction>((["pull", "push"] as const).filter((action) => held.has(action)));
    if (await administers(rights, principal, name)) granted.add("*");
    return granted;
  };
}

async function administers(rights: Pick<Rights, "authorize">, principal: Principal, name: string) {
  try {
    await rights.authorize(principal, { name }, "project", "update");
    return true;
  } catch (error) {
    if (error instanceof BreakwaterError) return false;
    throw error;
  }
}
