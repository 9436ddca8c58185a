import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";
import { robotPermissions } from "../../projects/index.ts";
import { type Api, identifyKnown } from "./request.ts";
import { json, refusals } from "./responses.ts";
import type { ApiServices } from "./services.ts";
import { permissionSchema } from "./users-current.ts";

const permissionsSchema = z
  .object({ system: z.array(permissionSchema).optional(), project: z.array(permissionSchema) })
  .openapi("Permissions");

const getPermissions = createRoute({
  method: "get",
  path: "/permissions",
  tags: ["permissions"],
  summary: "Get what robot accounts can be permitted, as far as the one who asks may permit it",
  responses: { 200: json(permissionsSchema, "The permissions."), ...refusals(401, 403) },
});

export function addPermissions(api: Api, { access, rights }: ApiServices): void {
  api.openapi(getPermissions, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const { system, project } = robotPermissions;
    if (principal.kind === "user") {
      if (principal.admin) return c.json({ system: [...system], project: [...project] }, 200);
      const administered = await rights.projectsWhere(principal, "robot", "create");
      if (administered.length > 0) return c.json({ project: [...project] }, 200);
    }
    throw new BreakwaterError("FORBIDDEN", "Only administrators, of the system or of a project, see these.");
  });
}
