import type { Api } from "./request.ts";
import type { ApiServices } from "./services.ts";

/** Serves the description of every endpoint that is there by then; made at the first request for it. */
export function addOpenApi(api: Api, path: string, { settings }: ApiServices): void {
  api.openAPIRegistry.registerComponent("securitySchemes", "basic", { type: "http", scheme: "basic" });
  let document: ReturnType<Api["getOpenAPIDocument"]> | undefined;
  api.get(path, (c) => {
    document ??= api.getOpenAPIDocument({
      openapi: "3.0.3",
      info: {
        title: "Breakwater's REST API",
        description: "Harbor's REST API v2.0, as far as Breakwater has it.",
        version: settings.version,
        license: { name: "Apache-2.0" },
      },
      security: [{ basic: [] }, {}],
    });
    return c.json(document);
  });
}
