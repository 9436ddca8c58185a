import { createRoute, z } from "@hono/zod-openapi";
import { type Api, identify } from "./request.ts";
import { body, done, refusals } from "./responses.ts";
import { wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";
import { isSelf } from "./users.ts";

const params = z.object({ user_id: wholeNumber("The id of the user") });

const changePassword = createRoute({
  method: "put",
  path: "/users/{user_id}/password",
  tags: ["user"],
  summary: "Set a user's password; one's own only with the current one",
  request: {
    params,
    body: body(
      z
        .object({ old_password: z.string().default(""), new_password: z.string().default("") })
        .openapi("PasswordReq"),
    ),
  },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

const setAdministrator = createRoute({
  method: "put",
  path: "/users/{user_id}/sysadmin",
  tags: ["user"],
  summary: "Make a user an administrator, or no longer one",
  request: {
    params,
    body: body(z.object({ sysadmin_flag: z.boolean().default(false) }).openapi("UserSysAdminFlag")),
  },
  responses: { 200: done, ...refusals(400, 401, 403, 404, 412) },
});

export function addUserCredentials(api: Api, { access, rights }: ApiServices): void {
  api.openapi(changePassword, async (c) => {
    const { principal, caller } = await identify(c, access);
    const { user_id: id } = c.req.valid("param");
    const { old_password: old, new_password: password } = c.req.valid("json");
    const own = isSelf(principal, id);
    if (!own) await rights.require(principal, null, "user", "update");
    await access.users.changePassword(caller, id, password, own ? old : undefined);
    return c.body(null, 200);
  });

  api.openapi(setAdministrator, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "user", "update");
    await access.users.setAdmin(caller, c.req.valid("param").user_id, c.req.valid("json").sysadmin_flag);
    return c.body(null, 200);
  });
}
