import { imageManifestTypes } from "../../kernel/index.ts";
import type { AdapterMetadata } from "./adapter/metadata.ts";
import { scannerTypes } from "./media-types.ts";
import { builtIn } from "./registration.ts";

/** What the built-in scanner says of itself. */
export function builtInMetadata(version: string): AdapterMetadata {
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
    properties: {},
  };
}
