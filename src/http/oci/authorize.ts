import { callerOf, type Principal } from "../../access/index.ts";
import { BreakwaterError, type Caller, projectOf, type RepositoryName } from "../../kernel/index.ts";
import type { RepositoryAction } from "../../projects/index.ts";
import { parseBasic } from "../basic-credentials.ts";
import type { Exchange } from "../exchange.ts";
import type { OciServices } from "./services.ts";

/** What a request to the registry may do, and in whose name. */
export interface Grant {
  readonly caller: Caller;
  /** Whom an upload belongs to. */
  readonly subject: string;
  /** True when the token is out of date: good only for going on with an upload that its subject began. */
  readonly expired: boolean;
  allows(name: RepositoryName, action: RepositoryAction): boolean | Promise<boolean>;
  /** Who it is now, for what rights in one repository do not decide; null when the account is gone. */
  principal(): Promise<Principal | null>;
}

/**
 * Who sends the request: by the bearer token that the token service gave out, or by Basic credentials, which
 * some tools send straight away. Throws UNAUTHORIZED when there is neither, or when they are not good.
 */
export async function identify(exchange: Exchange, services: OciServices): Promise<Grant> {
  const authorization = exchange.request.headers.get("authorization");
  if (authorization === null)
    throw new BreakwaterError("UNAUTHORIZED", "Log in: the request carries no token.");
  if (/^bearer /i.test(authorization)) return byToken(authorization.slice(7).trim(), exchange, services);
  const given = parseBasic(authorization);
  if (given === null) {
    throw new BreakwaterError(
      "UNAUTHORIZED",
      "The Authorization header holds neither a token nor Basic credentials.",
    );
  }
  const principal = await services.access.credentials.authenticate(given.name, given.password, exchange);
  return {
    caller: callerOf(principal, exchange.address, exchange.requestId),
    subject: principal.kind === "anonymous" ? principal.kind : `${principal.kind}:${principal.id}`,
    expired: false,
    allows: async (name, action) =>
      (await services.rights.repositoryActions(principal, projectOf(name), name)).has(action),
    principal: async () => principal,
  };
}

async function byToken(text: string, exchange: Exchange, services: OciServices): Promise<Grant> {
  const seen = services.access.verify(text);
  const verified = seen instanceof Promise ? await seen : seen;
  if (verified.state === "invalid") {
    throw new BreakwaterError(
      "UNAUTHORIZED",
      "The token is not valid, or its account is gone, disabled or expired; log in again.",
    );
  }
  const { token } = verified;
  return {
    caller: {
      kind: token.kind,
      name: token.name,
      address: exchange.address,
      requestId: exchange.requestId,
    },
    subject: token.subject,
    expired: verified.state === "expired",
    allows: (name, action) => token.allows(name, action),
    principal: () => services.access.principalOf(token),
  };
}

/** The grant, once it is known to cover `action`. Throws UNAUTHORIZED so that clients ask for a better token. */
export async function authorize(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  action: RepositoryAction,
): Promise<Grant> {
  const grant = await identify(exchange, services);
  if (grant.expired) throw new BreakwaterError("UNAUTHORIZED", "The token has expired; ask for a new one.");
  const allowed = grant.allows(name, action);
  if (allowed === true || (await allowed)) return grant;
  if (grant.caller.kind !== "anonymous") {
    services.audit.gather(grant.caller, {
      operation: action,
      resourceType: "repository",
      resource: name,
      projectId: null,
      outcome: "failure",
      detail: "The right to do it is missing.",
    });
  }
  throw lacking(grant, name, action);
}

export function lacking(grant: Grant, name: RepositoryName, action: RepositoryAction): BreakwaterError {
  const who = grant.caller.kind === "anonymous" ? "Without a login nobody" : `"${grant.caller.name}"`;
  const may = grant.caller.kind === "anonymous" ? "may" : "may not";
  return new BreakwaterError(
    "UNAUTHORIZED",
    `${who} ${may} ${action} in "${name}", or the project does not exist. Log in as somebody who may, or ask for a role in the project "${projectOf(name)}".`,
    { detail: [{ Type: "repository", Class: "", Name: name, Action: action }] },
  );
}

/** RFC 6750, section 3; distribution, docs/spec/auth/token. */
export function challenge(exchange: Exchange, services: OciServices, scope: string | null): string {
  const parts = [
    `Bearer realm="${reachableUrl(exchange, services.externalUrl)}/service/token"`,
    `service="${services.tokenService}"`,
  ];
  if (scope !== null) parts.push(`scope="${scope}"`);
  return parts.join(",");
}

/**
 * The address under which this very client reached the server, because a client behind another name or port
 * than the external URL's may not reach that one.
 */
function reachableUrl(exchange: Exchange, externalUrl: string): string {
  const { host } = exchange;
  if (host === null || new URL(externalUrl).host === host) return externalUrl;
  return `${exchange.secure ? "https" : "http"}://${host}`;
}
