import { authenticate, type RequestOrigin } from "../authenticate.ts";
import { issueToken, type TokenServices, tokenResponse } from "./issue.ts";

/**
 * GET /service/token?service=…&scope=…: Docker's own way (distribution, docs/spec/auth/token), with Basic
 * credentials or none. `account`, `client_id` and `offline_token` change nothing: there are no refresh tokens.
 */
export async function getToken(
  request: Request,
  origin: RequestOrigin,
  services: TokenServices,
): Promise<Response> {
  const { principal } = await authenticate(services.access, request, origin);
  return tokenResponse(await issueToken(services, principal, new URL(request.url).searchParams));
}
