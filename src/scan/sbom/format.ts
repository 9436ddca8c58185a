import { toCycloneDx } from "./cyclonedx.ts";
import type { SbomImage } from "./image.ts";
import { toSpdx } from "./spdx.ts";

/** The formats of SBOMs that are written here. */
export const sbomFormats = ["spdx", "cyclonedx"] as const;

export type SbomFormat = (typeof sbomFormats)[number];

/** The media types of documents, which are those of the artifacts that hold one as well. */
export const sbomMediaTypes: Readonly<Record<SbomFormat, string>> = {
  spdx: "application/spdx+json",
  cyclonedx: "application/vnd.cyclonedx+json",
};

/** The image's SBOM as JSON, the same bytes each time. */
export function writeSbom(image: SbomImage, format: SbomFormat): Uint8Array {
  const document = format === "spdx" ? toSpdx(image) : toCycloneDx(image);
  return new TextEncoder().encode(JSON.stringify(document));
}
