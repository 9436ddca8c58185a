import { type Digest, isDigest } from "../../kernel/index.ts";
import type { Accessories } from "./accessories.ts";
import { sbomMediaType } from "./media-types.ts";
import type { ScanSubject } from "./subject.ts";

/** Stores an SBOM beside its image, in place of the one before; answers its digest. */
export async function keepSbom(
  accessories: Accessories,
  sbom: {
    readonly subject: ScanSubject;
    readonly sbom: Uint8Array;
    readonly previousAccessory: string | null;
    /** Milliseconds since 1970. */
    readonly at: number;
    readonly author: string;
    readonly note: (line: string) => void;
  },
): Promise<Digest> {
  const { subject, previousAccessory, note } = sbom;
  const digest = await accessories.push(subject, {
    mediaType: sbomMediaType,
    content: sbom.sbom,
    annotations: {
      "org.opencontainers.image.created": new Date(sbom.at).toISOString(),
      "org.opencontainers.image.authors": sbom.author,
    },
  });
  note(`Stored the SBOM as ${digest}.`);
  if (previousAccessory !== null && isDigest(previousAccessory) && previousAccessory !== digest) {
    await accessories.remove(subject.repository, previousAccessory);
  }
  return digest;
}
