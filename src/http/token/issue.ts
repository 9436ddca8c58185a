import type { Access, IssuedToken, Principal } from "../../access/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import { grantScopes, type RepositoryGrants, type TrustScopes } from "./grant.ts";
import { parseScopes } from "./scopes.ts";

export interface TokenServices {
  readonly access: Pick<Access, "credentials" | "sessions" | "tokens">;
  readonly grants: RepositoryGrants;
  /** What tokens are for, `harbor-registry`: as in the registry's challenge. */
  readonly service: string;
  /** Notary's share: the name that clients know its service by, and what its scopes grant. */
  readonly trust?: { readonly service: string; readonly grants: TrustScopes };
}

/** The answer to both ways of asking: Docker's `token` and OAuth2's `access_token` are the same. */
export interface TokenAnswer extends IssuedToken {
  readonly access_token: string;
  /** RFC 6749, section 5.1: what was granted, which may be less than what was asked for. */
  readonly scope: string;
}

/**
 * Issues a token for what the principal may do of the scopes asked for in `parameters`. Throws BAD_REQUEST for
 * another service and for too many scopes, UNAUTHORIZED for somebody without an account who asks for nothing:
 * that is how `docker login` tries credentials.
 */
export async function issueToken(
  { access, grants, service, trust }: TokenServices,
  principal: Principal,
  parameters: URLSearchParams,
): Promise<TokenAnswer> {
  const wanted = parameters.get("service") ?? service;
  if (wanted !== service && wanted !== trust?.service) {
    throw new BreakwaterError("BAD_REQUEST", `Tokens are issued for the service ${service} only.`);
  }
  const scopes = parseScopes(parameters.getAll("scope"));
  if (principal.kind === "anonymous" && scopes.length === 0) {
    throw new BreakwaterError("UNAUTHORIZED", "A username and a password are required.");
  }
  const granted = await grantScopes(principal, scopes, grants, trust?.grants);
  const issued = await access.tokens.issue(principal, granted);
  const scope = granted.map(({ type, name, actions }) => `${type}:${name}:${actions.join(",")}`).join(" ");
  return { ...issued, access_token: issued.token, scope };
}

/** RFC 6749, section 5.1: nobody may keep it. */
export function tokenResponse(answer: TokenAnswer): Response {
  return Response.json(answer, { headers: { "cache-control": "no-store" } });
}
