import { z } from "@hono/zod-openapi";
import { version } from "../../kernel/index.ts";
import {
  builtIn,
  builtInMetadata,
  does,
  type Health,
  type Registration,
  type RegistrationSettings,
} from "../../scan/index.ts";
import { formatTime, time } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const name = z.string().max(1024);

/** What Harbor's OpenAPI document calls `APIKey`; Harbor itself takes and answers only that. */
const apiKeyHeader = "X-ScannerAdapter-API-Key";

/** What administrators say of a scanner, by Harbor's names. Clients written in Go may send null for what is empty. */
export const scannerRequestSchema = z
  .object({
    name,
    description: z.string().max(4096).nullish(),
    url: name,
    auth: name.nullish().openapi({
      description: `Empty for none, Basic, Bearer or APIKey (or ${apiKeyHeader}, which is the same)`,
    }),
    access_credential: z.string().max(8192).nullish(),
    skip_certVerify: z.boolean().nullish(),
    use_internal_addr: z.boolean().nullish(),
    disabled: z.boolean().nullish(),
  })
  .openapi("ScannerRegistrationReq");

export const scannerSchema = z
  .object({
    uuid: z.string(),
    name: z.string(),
    description: z.string(),
    url: z.string(),
    disabled: z.boolean(),
    is_default: z.boolean(),
    auth: z.string(),
    access_credential: z.string().openapi({ description: "Always empty: nobody is shown it" }),
    skip_certVerify: z.boolean(),
    use_internal_addr: z.boolean(),
    adapter: z.string().optional(),
    vendor: z.string().optional(),
    version: z.string().optional(),
    health: z
      .string()
      .optional()
      .openapi({ description: "healthy or unhealthy; left out of a scanner that was deleted" }),
    health_message: z.string().optional().openapi({ description: "Why it is unhealthy" }),
    capabilities: z.record(z.string(), z.unknown()).optional(),
    create_time: time,
    update_time: time,
  })
  .openapi("ScannerRegistration");

const mediaTypes = z.array(z.string());

export const scannerMetadataSchema = z
  .object({
    scanner: z.object({ name: z.string(), vendor: z.string(), version: z.string() }).openapi("Scanner"),
    capabilities: z.array(
      z
        .object({ type: z.string(), consumes_mime_types: mediaTypes, produces_mime_types: mediaTypes })
        .openapi("ScannerCapability"),
    ),
    properties: z.record(z.string(), z.string()),
  })
  .openapi("ScannerAdapterMetadata");

export function toSettings(body: z.infer<typeof scannerRequestSchema>): RegistrationSettings {
  return {
    name: body.name,
    description: body.description ?? "",
    url: body.url,
    auth: body.auth === apiKeyHeader ? "APIKey" : (body.auth ?? ""),
    credential: body.access_credential ?? "",
    skipCertVerify: body.skip_certVerify ?? false,
    useInternalAddress: body.use_internal_addr ?? false,
    disabled: body.disabled ?? false,
  };
}

/** The scanner with how it is just now. */
export async function toScannerBody(
  { scanners }: Pick<ApiServices, "scanners">,
  registration: Registration,
): Promise<z.infer<typeof scannerSchema>> {
  return { ...toRegistrationBody(registration), ...describe(await healthOf(scanners, registration)) };
}

/** The scanner as it is registered, without asking it. */
export function toRegistrationBody(registration: Registration): z.infer<typeof scannerSchema> {
  return {
    uuid: registration.uuid,
    name: registration.name,
    description: registration.description,
    url: registration.url,
    disabled: registration.disabled,
    is_default: registration.isDefault,
    auth: registration.auth,
    access_credential: "",
    skip_certVerify: registration.skipCertVerify,
    use_internal_addr: registration.useInternalAddress,
    create_time: formatTime(registration.createdAt),
    update_time: formatTime(registration.updatedAt),
  };
}

/** How the scanner is; the built-in one is as well as this server. */
export async function healthOf(
  { registrations, health }: ApiServices["scanners"],
  registration: Registration,
): Promise<Health> {
  if (registration.uuid === builtIn.uuid) return { healthy: true, metadata: builtInMetadata(version, null) };
  return health.of(registration, () => registrations.accessTo(registration));
}

function describe(health: Health) {
  if (!health.healthy) return { health: "unhealthy", health_message: health.reason };
  const { metadata } = health;
  return {
    adapter: metadata.scanner.name,
    vendor: metadata.scanner.vendor,
    version: metadata.scanner.version,
    health: "healthy",
    capabilities: {
      support_vulnerability: does(metadata, "vulnerability"),
      support_sbom: does(metadata, "sbom"),
    },
  };
}

export function toMetadataBody({
  metadata,
}: Extract<Health, { healthy: true }>): z.infer<typeof scannerMetadataSchema> {
  return {
    scanner: metadata.scanner,
    capabilities: metadata.capabilities.map((capability) => ({
      type: capability.type ?? "vulnerability",
      consumes_mime_types: capability.consumes_mime_types ?? [],
      produces_mime_types: capability.produces_mime_types ?? [],
    })),
    properties: metadata.properties ?? {},
  };
}
