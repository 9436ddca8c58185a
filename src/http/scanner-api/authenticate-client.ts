import type { Access, Principal } from "../../access/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import type { RequestOrigin } from "../authenticate.ts";
import { parseBasic } from "../basic-credentials.ts";

const apiKeyHeader = "x-scanneradapter-api-key";

/**
 * Who asks, in each of the ways in which a Harbor can be told to authenticate: Basic, or `name:secret` as a bearer
 * token or in the header of the API key. Throws UNAUTHORIZED.
 */
export async function authenticateClient(
  request: Request,
  origin: RequestOrigin,
  { credentials }: Pick<Access, "credentials">,
): Promise<Principal> {
  const given = credentialsOf(request.headers);
  if (given !== null) return credentials.authenticate(given.name, given.password, origin);
  throw new BreakwaterError(
    "UNAUTHORIZED",
    "Log in: by Basic credentials, or with the name and secret of a robot account as name:secret.",
  );
}

function credentialsOf(headers: Headers) {
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const token = /^bearer\s+(.+)$/i.exec(authorization)?.[1];
    return token === undefined ? parseBasic(authorization) : split(token);
  }
  return split(headers.get(apiKeyHeader) ?? "");
}

function split(text: string) {
  const colon = text.indexOf(":");
  return colon < 1 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
