import { createRoute, z } from "@hono/zod-openapi";
import type { Api } from "./request.ts";

const getPing = createRoute({
  method: "get",
  path: "/ping",
  tags: ["ping"],
  summary: "Ask whether the server answers at all",
  responses: { 200: { description: "It does.", content: { "text/plain": { schema: z.string() } } } },
});

export function addPing(api: Api): void {
  api.openapi(getPing, (c) => c.text("Pong", 200));
}
