import { z } from "zod";
import { type ScanKind, sameMediaType, scannerTypes } from "../media-types.ts";

const name = z.string().trim().min(1).max(256);
const mediaTypes = z.array(z.string().max(256)).max(200).nullish();

/** What `GET /metadata` answers (specification 1.2, `ScannerAdapterMetadata`). */
export const adapterMetadata = z.object({
  scanner: z.object({ name, vendor: name, version: name }),
  capabilities: z
    .array(
      z.object({
        /** Since 1.2; before it there was only one kind. */
        type: z.string().max(64).nullish(),
        consumes_mime_types: mediaTypes,
        produces_mime_types: mediaTypes,
      }),
    )
    .min(1)
    .max(32),
  properties: z.record(z.string().max(256), z.string().max(4096)).nullish(),
});

export type AdapterMetadata = z.infer<typeof adapterMetadata>;

/** Who made a report. */
export type Maker = AdapterMetadata["scanner"];

/** The richest first. */
const reportTypes: Readonly<Record<ScanKind, readonly string[]>> = {
  vulnerability: [scannerTypes.genericReport, scannerTypes.nativeReport],
  sbom: [scannerTypes.sbomReport],
};

/** The report to ask for about a manifest of that media type; null when the scanner has none of that kind for it. */
export function reportTypeFor(
  { capabilities }: AdapterMetadata,
  kind: ScanKind,
  manifestType: string,
): string | null {
  const fitting = capabilities.filter(
    ({ type, consumes_mime_types: consumes }) =>
      (type || "vulnerability") === kind && consumes?.some((one) => sameMediaType(one, manifestType)),
  );
  const produced = fitting.flatMap((capability) => capability.produces_mime_types ?? []);
  return reportTypes[kind].find((wanted) => produced.some((one) => sameMediaType(one, wanted))) ?? null;
}

/** Whether the scanner does that kind at all. */
export function does({ capabilities }: AdapterMetadata, kind: ScanKind): boolean {
  return capabilities.some(({ type }) => (type || "vulnerability") === kind);
}

/** Which authorization the adapter wants to be given for the registry: Basic unless it says otherwise. */
export function registryAuthorization({ properties }: AdapterMetadata): "Basic" | "Bearer" {
  const wanted = properties?.["harbor.scanner-adapter/registry-authorization-type"];
  return wanted === "Bearer" ? "Bearer" : "Basic";
}

/** How old its vulnerability database is, milliseconds since 1970; null where it does not say. */
export function dataAsOf({ properties }: AdapterMetadata): number | null {
  const time = Date.parse(properties?.["harbor.scanner-adapter/vulnerability-database-updated-at"] ?? "");
  return Number.isNaN(time) ? null : time;
}
