import type { RequestOrigin } from "../authenticate.ts";
import { readForm } from "../form.ts";
import { issueToken, type TokenServices, tokenResponse } from "./issue.ts";

/**
 * POST /service/token: OAuth2's way (distribution, docs/spec/auth/oauth; RFC 6749, section 4.3), which
 * containerd tries first. Refresh tokens are not issued, whatever `access_type` says, and none is taken: at the
 * answer 400 containerd goes back to GET.
 */
export async function postToken(
  request: Request,
  origin: RequestOrigin,
  services: TokenServices,
): Promise<Response> {
  const form = await readForm(request);
  const grantType = form.get("grant_type");
  if (grantType !== "password") {
    return refuse(
      "unsupported_grant_type",
      `The grant type "${grantType ?? ""}" is not supported: use "password".`,
    );
  }
  const [username, password] = [form.get("username"), form.get("password")];
  if (!username || password === null) {
    return refuse("invalid_request", "The form must have a username and a password.");
  }
  const principal = await services.access.credentials.authenticate(username, password, origin);
  return tokenResponse(await issueToken(services, principal, form));
}

/** RFC 6749, section 5.2, and the same as Docker's clients read errors. */
function refuse(error: "unsupported_grant_type" | "invalid_request", description: string): Response {
  return Response.json(
    { error, error_description: description, errors: [{ code: "UNSUPPORTED", message: description }] },
    { status: 400, headers: { "cache-control": "no-store" } },
  );
}
