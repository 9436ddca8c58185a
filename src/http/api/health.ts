import { createRoute, z } from "@hono/zod-openapi";
import { second } from "../../kernel/index.ts";
import type { Api } from "./request.ts";
import { json } from "./responses.ts";
import type { ApiServices, HealthCheck } from "./services.ts";

const status = z.enum(["healthy", "unhealthy"]);
const componentSchema = z
  .object({ name: z.string(), status, error: z.string().optional() })
  .openapi("ComponentHealthStatus");
const healthSchema = z
  .object({ status, components: z.array(componentSchema) })
  .openapi("OverallHealthStatus");

const getHealth = createRoute({
  method: "get",
  path: "/health",
  tags: ["health"],
  summary: "Check that the parts of the registry work",
  description: "Answered to everybody, with 200 also when something does not work: see `status`.",
  responses: { 200: json(healthSchema, "How the parts are.") },
});

/** How long a part may take to answer. */
const patience = 10 * second;

export function addHealth(api: Api, { healthChecks }: ApiServices): void {
  api.openapi(getHealth, async (c) => {
    const components = await Promise.all(healthChecks.map(probe));
    components.sort((a, b) => (a.name < b.name ? -1 : 1));
    const healthy = components.every((component) => component.status === "healthy");
    return c.json({ status: healthy ? "healthy" : "unhealthy", components } as const, 200);
  });
}

async function probe({ name, check }: HealthCheck): Promise<z.infer<typeof componentSchema>> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`No answer within ${patience / second} seconds.`)),
    patience,
  );
  try {
    await Promise.race([check(), timeout]);
    return { name, status: "healthy" };
  } catch (error) {
    return { name, status: "unhealthy", error: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
