import { createRoute, z } from "@hono/zod-openapi";
import type { Principal } from "../../access/index.ts";
import { BreakwaterError, isRefusal } from "../../kernel/index.ts";
import type { Permission, Rights } from "../../projects/index.ts";
import { type Api, identifyKnown } from "./request.ts";
import { json, refusals } from "./responses.ts";
import { flag } from "./schemas.ts";
import type { ApiServices } from "./services.ts";
import { toUserBody, userSchema } from "./users.ts";

export const permissionSchema = z.object({ resource: z.string(), action: z.string() }).openapi("Permission");

const getCurrentUser = createRoute({
  method: "get",
  path: "/users/current",
  tags: ["user"],
  summary: "Get the user who asks",
  responses: { 200: json(userSchema, "The user."), ...refusals(401, 412) },
});

const getPermissions = createRoute({
  method: "get",
  path: "/users/current/permissions",
  tags: ["user"],
  summary: "Get what the one who asks may do in a project or in the system",
  request: {
    query: z.object({
      scope: z.string().optional().openapi({ description: "/project/<id> or /system" }),
      relative: flag("Whether resources are written relative to the scope").optional(),
    }),
  },
  responses: { 200: json(z.array(permissionSchema), "What they may do."), ...refusals(400, 401) },
});

export function addCurrentUser(api: Api, { access, rights }: ApiServices): void {
  api.openapi(getCurrentUser, async (c) => {
    const { principal } = await identifyKnown(c, access);
    if (principal.kind !== "user") {
      throw new BreakwaterError("PRECONDITION", "A robot account is no user: there is no current user.");
    }
    return c.json(toUserBody(await access.users.get(principal.id)), 200);
  });

  api.openapi(getPermissions, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const { scope = "", relative = false } = c.req.valid("query");
    const permissions = await permissionsIn(rights, principal, scope);
    const prefix = relative ? "" : `${scope.replace(/\/+$/, "")}/`;
    const body = permissions.map(({ resource, action }) => ({
      // A project itself is the scope: Harbor writes it as the scope, or as "." relative to it.
      resource: isProjectItself(scope, resource) ? prefix.slice(0, -1) || "." : prefix + resource,
      action,
    }));
    return c.json(body, 200);
  });
}

/** Nothing where the scope is none, or where it names a project that the principal knows nothing of. */
async function permissionsIn(
  rights: Rights,
  principal: Principal,
  scope: string,
): Promise<readonly Permission[]> {
  if (/^\/system\/?$/.test(scope)) return rights.permissionsOf(principal, null);
  const [, id] = /^\/project\/(\d{1,15})\/?$/.exec(scope) ?? [];
  if (id === undefined) return [];
  try {
    const project = await rights.authorize(principal, { id: Number(id) }, "project", "read");
    return await rights.permissionsOf(principal, project);
  } catch (error) {
    if (isRefusal(error, "FORBIDDEN") || isRefusal(error, "NOT_FOUND")) return [];
    throw error;
  }
}

function isProjectItself(scope: string, resource: string): boolean {
  return scope.startsWith("/project/") && resource === "project";
}
