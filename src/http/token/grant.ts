import type { Principal, TokenAccess } from "../../access/index.ts";
import { isRefusal, parseRepositoryName, projectOf } from "../../kernel/index.ts";
import type { Scope } from "./scopes.ts";

export type RepositoryAction = "pull" | "push" | "delete";

/** What a principal may do in the repositories of a project; nothing when there is no such project. */
export type RepositoryGrants = (
  principal: Principal,
  project: string,
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
  const projects = new Map<string, Promise<ReadonlySet<RepositoryAction>>>();
  const inProject = (project: string) => {
    const granted = projects.get(project) ?? grants(principal, project);
    projects.set(project, granted);
    return granted;
  };
  const access: TokenAccess[] = [];
  for (const { type, name, actions } of scopes) {
    const trusted = type === "repository" ? await trust(principal, name) : null;
    const granted = trusted ?? (await grantOne(principal, type, name, inProject));
    const kept = actions.has("*") ? [...granted] : [...granted].filter((action) => actions.has(action));
    if (kept.length > 0) access.push({ type, name, actions: kept });
  }
  return access;
}

async function grantOne(
  principal: Principal,
  type: string,
  name: string,
  inProject: (project: string) => Promise<ReadonlySet<string>>,
): Promise<ReadonlySet<string>> {
  if (type === "repository") {
    const project = projectNameIn(name);
    return project === null ? new Set() : inProject(project);
  }
  // Everybody with an account may ask for the catalog, which shows them what they may pull.
  const isCatalog = type === "registry" && name === "catalog";
  return new Set(isCatalog && principal.kind !== "anonymous" ? ["*"] : []);
}

/** The project that a repository's name belongs to; null when it is not a repository's name. */
function projectNameIn(name: string): string | null {
  try {
    return projectOf(parseRepositoryName(name));
  } catch (error) {
    if (isRefusal(error, "NAME_INVALID")) return null;
    throw error;
  }
}
