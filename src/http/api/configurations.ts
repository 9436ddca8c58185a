import { createRoute, z } from "@hono/zod-openapi";
import { type Api, identify } from "./request.ts";
import { json, refusals } from "./responses.ts";
import { defaultRobotDuration } from "./robot-body.ts";
import type { ApiServices, ApiSettings } from "./services.ts";

const value = z.union([z.string(), z.number(), z.boolean()]);
const configurationsSchema = z
  .record(z.string(), z.object({ value, editable: z.boolean() }))
  .openapi("ConfigurationsResponse");

const getConfigurations = createRoute({
  method: "get",
  path: "/configurations",
  tags: ["configure"],
  summary: "Get the settings, by Harbor's names",
  description: "None can be changed here: they are in the configuration file, or fixed.",
  responses: { 200: json(configurationsSchema, "The settings."), ...refusals(401, 403) },
});

export function addConfigurations(api: Api, { access, rights, settings }: ApiServices): void {
  api.openapi(getConfigurations, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "configuration", "read");
    const entries = Object.entries(configurationsOf(settings));
    return c.json(
      Object.fromEntries(entries.map(([name, of]) => [name, { value: of, editable: false }])),
      200,
    );
  });
}

function configurationsOf(settings: ApiSettings): Record<string, z.infer<typeof value>> {
  return {
    auth_mode: "db_auth",
    primary_auth_mode: false,
    banner_message: "",
    disabled_audit_log_event_types: "",
    notification_enable: false,
    project_creation_restriction: "everyone",
    quota_per_project_enable: true,
    read_only: false,
    robot_name_prefix: settings.robotNamePrefix,
    robot_token_duration: defaultRobotDuration,
    self_registration: false,
    session_timeout: settings.sessionLifetime,
    skip_audit_log_database: false,
    storage_per_project: -1,
    token_expiration: settings.tokenLifetime,
  };
}
