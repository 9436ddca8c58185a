import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";
import { type Api, identify } from "./request.ts";
import { json, refusals } from "./responses.ts";
import { formatTime, time } from "./schemas.ts";
import type { ApiServices, ApiSettings } from "./services.ts";

/** The version of Harbor whose API this is: clients decide by it what they may ask. */
const harborVersion = "v2.16.0";

const infoSchema = z
  .object({
    auth_mode: z.string(),
    primary_auth_mode: z.boolean(),
    self_registration: z.boolean(),
    banner_message: z.string(),
    oidc_provider_name: z.string(),
    current_time: time.optional(),
    registry_url: z.string().optional(),
    external_url: z.string().optional(),
    project_creation_restriction: z.string().optional(),
    has_ca_root: z.boolean().optional(),
    harbor_version: z.string().optional(),
    registry_storage_provider_name: z.string().optional(),
    read_only: z.boolean().optional(),
    notification_enable: z.boolean().optional(),
  })
  .openapi("GeneralInfo");

const getInfo = createRoute({
  method: "get",
  path: "/systeminfo",
  tags: ["systeminfo"],
  summary: "Get what clients need to know of the registry",
  description: "Who is not logged in is told how to log in, and no more.",
  responses: { 200: json(infoSchema, "About the registry.") },
});

const getVolumes = createRoute({
  method: "get",
  path: "/systeminfo/volumes",
  tags: ["systeminfo"],
  summary: "Get the size of the volume that holds the blobs, in bytes",
  responses: {
    200: json(
      z
        .object({
          storage: z.array(z.object({ total: z.number(), free: z.number() }).openapi("Storage")),
        })
        .openapi("SystemInfo"),
      "The volume.",
    ),
    ...refusals(401, 403),
  },
});

const getCertificate = createRoute({
  method: "get",
  path: "/systeminfo/getcert",
  tags: ["systeminfo"],
  summary: "Download the certificate of the registry's own authority",
  responses: {
    200: {
      description: "The certificate as PEM.",
      content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
    },
    ...refusals(404),
  },
});

export function addSystemInfo(api: Api, services: ApiServices): void {
  const { access, caCertificate, rights, settings } = services;

  api.openapi(getInfo, async (c) => {
    const { principal } = await identify(c, access);
    const forEverybody = {
      auth_mode: "db_auth",
      primary_auth_mode: false,
      self_registration: false,
      banner_message: "",
      oidc_provider_name: "",
    };
    if (principal.kind === "anonymous") return c.json(forEverybody, 200);
    return c.json({ ...forEverybody, ...describe(settings, caCertificate, services.clock()) }, 200);
  });

  api.openapi(getVolumes, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "system-volumes", "read");
    return c.json({ storage: [await services.storageCapacity()] }, 200);
  });

  api.openapi(getCertificate, async (c) => {
    if (caCertificate === null) {
      throw new BreakwaterError(
        "NOT_FOUND",
        "The registry has no authority of its own: its certificate was given to it, or it speaks plain HTTP.",
      );
    }
    return c.body(caCertificate, 200, {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": "attachment; filename=ca.crt",
    });
  });
}

function describe(settings: ApiSettings, caCertificate: string | null, now: number) {
  const { externalUrl, version, storageProvider } = settings;
  return {
    current_time: formatTime(now),
    registry_url: new URL(externalUrl).host,
    external_url: externalUrl,
    project_creation_restriction: "everyone",
    has_ca_root: caCertificate !== null,
    harbor_version: `${harborVersion}-breakwater-${version}`,
    registry_storage_provider_name: storageProvider,
    read_only: false,
    notification_enable: false,
  };
}
