import { imageManifestTypes } from "../../kernel/index.ts";
import type { AdapterMetadata } from "./adapter/metadata.ts";
import { scannerTypes } from "./media-types.ts";
import { builtIn } from "./registration.ts";

/** What the built-in scanner says of itself. `dataAsOf` is how old its vulnerability database is; null without one. */
export function builtInMetadata(version: string, dataAsOf: number | null): AdapterMetadata {
  const consumes_mime_types = [...imageManifestTypes];
  return {
    scanner: { name: builtIn.name, vendor: builtIn.name, version },
    capabilities: [
      {
        type: "vulnerability",
        consumes_mime_types,
        produces_mime_types: [scannerTypes.genericReport, scannerTypes.nativeReport],
      },
      { type: "sbom", consumes_mime_types, produces_mime_types: [scannerTypes.sbomReport] },
    ],
    properties:
      dataAsOf === null
        ? {}
        : { "harbor.scanner-adapter/vulnerability-database-updated-at": new Date(dataAsOf).toISOString() },
  };
}
