import type { Principal, TokenAccess } from "../../access/index.ts";
import { isRefusal, parseRepositoryName, projectOf, type RepositoryName } from "../../kernel/index.ts";
import type { RepositoryAction } from "../../projects/index.ts";
import type { Scope } from "./scopes.ts";

/** What a principal may do in a repository of a project; nothing when there is no such project. */
export type RepositoryGrants = (
  principal: Principal,
  project: string,
  repository: RepositoryName,
) => Promise<ReadonlySet<RepositoryAction>>;

/**
 * What a principal may do with the trust data of that name, the repository's behind a host; null when the name is no
 * such one. The actions are Notary's.
 */
export type TrustScopes = (principal: Principal, name: string) => Promise<ReadonlySet<string> | null>;

/** Of the scopes asked for, what the principal really may do. A scope of which nothing is left is left out. */
export async function grantScopes(
  principal: Principal,
  scopes: readonly Scope[],
  grants: RepositoryGrants,
  trust: TrustScopes = async () => null,
): Promise<readonly TokenAccess[]> {
  const access: TokenAccess[] = [];
  for (const { type, name, actions } of scopes) {
    const trusted = type === "repository" ? await trust(principal, name) : null;
    const granted = trusted ?? (await grantOne(principal, type, name, grants));
    const kept = actions.has("*") ? [...granted] : [...granted].filter((action) => isMeant(actions, action));
    if (kept.length > 0) access.push({ type, name, actions: kept });
  }
  return access;
}

async function grantOne(
  principal: Principal,
  type: string,
  name: string,
  grants: RepositoryGrants,
): Promise<ReadonlySet<string>> {
  if (type === "repository") {
    const repository = tryParse(name);
    return repository === null ? new Set() : grants(principal, projectOf(repository), repository);
  }
  // Everybody with an account may ask for the catalog, which shows them what they may pull.
  const isCatalog = type === "registry" && name === "catalog";
  return new Set(isCatalog && principal.kind !== "anonymous" ? ["*"] : []);
}

/** No client knows of `scanner-pull`: scanners ask for `pull`, and who has both means both. */
function isMeant(asked: ReadonlySet<string>, action: string): boolean {
  return asked.has(action === "scanner-pull" ? "pull" : action);
}

/** Null for what is not a repository's name. */
function tryParse(name: string): RepositoryName | null {
  try {
    return parseRepositoryName(name);
  } catch (error) {
    if (isRefusal(error, "NAME_INVALID")) return null;
    throw error;
  }
}
