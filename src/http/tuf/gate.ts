import { type Access, callerOf, type Named, type Principal, type VerifiedToken } from "../../access/index.ts";
import type { AuditLog } from "../../events/index.ts";
import { BreakwaterError, type Soon, soon } from "../../kernel/index.ts";
import type { Rights } from "../../projects/index.ts";
import { parseBasic } from "../basic-credentials.ts";
import type { Exchange } from "../exchange.ts";
import type { TrustGrants } from "./grants.ts";
import type { Need, TrustAction, TufServices } from "./services.ts";

export interface GateOptions {
  readonly access: Pick<Access, "verify" | "credentials" | "principalOf">;
  readonly rights: Pick<Rights, "can">;
  readonly audit: AuditLog;
  readonly grants: TrustGrants;
  /** A token is for a name, which may be that of a repository here as well. */
  readonly isGun: (gun: string) => Soon<boolean>;
  /** The `service` of tokens: Harbor's name for its Notary is `harbor-notary`. */
  readonly service: string;
  /** Where tokens are given out: scheme, host and port, without a slash at the end. */
  readonly tokenUrl: string;
}

/** Somebody, and what they may do. */
interface Bearer {
  readonly who: Named;
  allows(gun: string, actions: readonly TrustAction[]): Soon<boolean>;
  /** May they see what happens to every repository? */
  seesAll(): Promise<boolean>;
}

/** Lets in who may: by a token of the token service, or by Basic credentials (the contract, sections 1 and 9). */
export function createGate(options: GateOptions): Pick<TufServices, "authorize" | "challenge"> {
  const { access, rights, audit, grants, isGun, service, tokenUrl } = options;
  const seesAll = (principal: Principal) => rights.can(principal, null, "catalog", "read");

  function identify(exchange: Exchange): Soon<Bearer | null> {
    const authorization = exchange.request.headers.get("authorization");
    if (authorization === null) return null;
    if (!/^bearer /i.test(authorization)) return withPassword(authorization, exchange);
    return soon(access.verify(authorization.slice(7).trim()), (verified) =>
      verified.state === "valid" ? withToken(verified.token) : null,
    );
  }

  function withToken(token: VerifiedToken): Bearer {
    return {
      who: token,
      allows: (gun, actions) =>
        actions.every((action) => token.allows(gun, action) || token.allows(gun, "*")) && isGun(gun),
      async seesAll() {
        const principal = token.catalog ? await access.principalOf(token) : null;
        return principal !== null && seesAll(principal);
      },
    };
  }

  async function withPassword(authorization: string, exchange: Exchange): Promise<Bearer | null> {
    const given = parseBasic(authorization);
    if (given === null) return null;
    const principal = await access.credentials.authenticate(given.name, given.password, exchange);
    return {
      who: principal,
      async allows(gun, actions) {
        const held = await grants(principal, gun);
        return held !== null && actions.every((action) => held.has(action) || held.has("*"));
      },
      seesAll: () => seesAll(principal),
    };
  }

  function isAllowed(bearer: Bearer, need: Need): Soon<boolean> {
    if (need.kind === "base") return true;
    return need.kind === "catalog" ? bearer.seesAll() : bearer.allows(need.gun, need.actions);
  }

  return {
    authorize: (exchange, need) =>
      soon(identify(exchange), (bearer) => {
        if (bearer === null) throw refusal(need);
        return soon(isAllowed(bearer, need), (allowed) => {
          if (allowed) return bearer.who;
          if (need.kind === "repository" && bearer.who.kind !== "anonymous") {
            audit.gather(callerOf(bearer.who, exchange.address, exchange.requestId), {
              operation: need.actions.join(","),
              resourceType: "trust",
              resource: need.gun,
              projectId: null,
              outcome: "failure",
              detail: "The right to do it is missing.",
            });
          }
          throw refusal(need);
        });
      }),

    /** RFC 6750, section 3; distribution, docs/spec/auth/token. */
    challenge(exchange, need) {
      const parts = [`Bearer realm="${tokenUrl}/service/token"`, `service="${service}"`];
      const scope = scopeOf(need);
      if (scope !== null) parts.push(`scope="${scope}"`);
      if (exchange.request.headers.has("authorization")) parts.push('error="insufficient_scope"');
      return parts.join(",");
    },
  };
}

/** The contract, section 2: what was needed, as its detail. */
function refusal(need: Need): BreakwaterError {
  const [type, name, actions] =
    need.kind === "repository" ? ["repository", need.gun, need.actions] : ["registry", "catalog", ["*"]];
  const detail = actions.map((Action) => ({ Type: type, Class: "", Name: name, Action }));
  return new BreakwaterError("UNAUTHORIZED", "authentication required", { detail });
}

function scopeOf(need: Need): string | null {
  if (need.kind !== "repository") return "registry:catalog:*";
  // Only a name that cannot be taken for more of the header.
  return /^[\w.:/[\]-]+$/.test(need.gun) ? `repository:${need.gun}:${need.actions.join(",")}` : null;
}
