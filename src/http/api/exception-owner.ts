import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Rights } from "../../projects/index.ts";
import type { Owner } from "../../scan/index.ts";
import { type ApiEnv, type Identity, identify } from "./request.ts";
import { projectHeaders, projectKey, projectParams } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

/** Where exceptions and VEX documents are: those of the system, and those of projects. */
export const ownerPaths = ["/system", "/projects/{project_name_or_id}"] as const;

/** The parameters of a path below one of them; the system's has none. */
export const ownerParams = {
  "/system": z.object({}),
  "/projects/{project_name_or_id}": projectParams,
} as const;

/** Whose they are by the path, once it is known that the caller may do it there. */
export async function ownerOf(
  c: Context<ApiEnv>,
  { access, rights }: { readonly access: ApiServices["access"]; readonly rights: Rights },
  action: "create" | "delete" | "list",
): Promise<Identity & { readonly owner: Owner }> {
  const identity = await identify(c, access);
  const project = c.req.param("project_name_or_id");
  if (project === undefined) {
    await rights.require(identity.principal, null, "exception", action);
    return { ...identity, owner: null };
  }
  const headers = projectHeaders.parse({ "x-is-resource-name": c.req.header("x-is-resource-name") });
  const key = projectKey({ project_name_or_id: project }, headers);
  return { ...identity, owner: await rights.authorize(identity.principal, key, "exception", action) };
}
