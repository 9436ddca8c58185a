import type { Context } from "hono";
import { BreakwaterError } from "../../kernel/index.ts";
import type { Api, ApiEnv } from "./request.ts";

/**
 * What is answered where no endpoint is: OPTIONS tells what there is at the path, another method there is
 * refused with UNSUPPORTED, and where there is nothing at all with NOT_FOUND.
 */
export function createNotFound(api: Api): (c: Context<ApiEnv>) => Response {
  const endpoints = api.openAPIRegistry.definitions
    .filter((definition) => definition.type === "route")
    .map(({ route }) => ({ method: route.method.toUpperCase(), pattern: toPattern(route.path) }));
  return (c) => {
    const methods = new Set(
      endpoints.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method),
    );
    if (methods.size === 0) {
      throw new BreakwaterError("NOT_FOUND", `There is nothing at ${c.req.path.slice(0, 255)}.`);
    }
    if (methods.has("GET")) methods.add("HEAD");
    const allowed = [...methods, "OPTIONS"].sort().join(", ");
    c.header("Allow", allowed);
    if (c.req.method === "OPTIONS") return c.body(null, 204);
    throw new BreakwaterError("UNSUPPORTED", `${c.req.method} is not possible here, only ${allowed}.`);
  };
}

/** A path of the documentation as a pattern of the paths it stands for. */
function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "[^/]+")}/?$`);
}
