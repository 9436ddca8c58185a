import { z } from "zod";
import { type Digest, isDigest } from "../../../kernel/index.ts";

/** The formats in which others write SBOMs. */
export type PushedFormat = "spdx" | "cyclonedx" | "syft";

/** An SBOM that an artifact holds as a layer. */
export interface SbomDocument {
  /** The layer's. */
  readonly digest: Digest;
  /** Bytes of the layer. */
  readonly size: number;
  readonly format: PushedFormat;
  /** What a client is told that the document is. */
  readonly mediaType: string;
  /** Whether it lies in an in-toto statement, about whose signature nothing is said here. */
  readonly attested: boolean;
}

/** As syft, cosign, ORAS and Harbor push them. */
const plain: ReadonlyMap<string, PushedFormat> = new Map([
  ["application/spdx+json", "spdx"],
  ["application/spdx+xml", "spdx"],
  ["text/spdx+json", "spdx"],
  ["text/spdx+xml", "spdx"],
  ["text/spdx", "spdx"],
  ["application/vnd.cyclonedx+json", "cyclonedx"],
  ["application/vnd.cyclonedx+xml", "cyclonedx"],
  ["application/vnd.cyclonedx", "cyclonedx"],
  ["application/vnd.syft+json", "syft"],
]);

/** What an attestation's document is: JSON, by its predicate's type, with or without a version behind it. */
const predicates: readonly { readonly form: RegExp; readonly format: PushedFormat }[] = [
  { form: /^https:\/\/spdx\.dev\/Document(?:\/|$)/, format: "spdx" },
  { form: /^https:\/\/cyclonedx\.org\/bom(?:\/|$)/, format: "cyclonedx" },
  { form: /^https:\/\/syft\.dev\/bom(?:\/|$)/, format: "syft" },
];
const predicateMediaTypes: Readonly<Record<PushedFormat, string>> = {
  spdx: "application/spdx+json",
  cyclonedx: "application/vnd.cyclonedx+json",
  syft: "application/vnd.syft+json",
};

const attestation =
  /^application\/(?:vnd\.in-toto\+json|vnd\.dsse\.envelope\.v1\+json|vnd\.dev\.sigstore\.bundle(?:\.v[\d.]+)?\+json)/;
/** Where BuildKit, cosign and sigstore's bundles name the predicate's type: at the layer, or at the manifest. */
const predicateAnnotations = [
  "in-toto.io/predicate-type",
  "predicateType",
  "dev.sigstore.bundle.predicateType",
];

const annotations = z.record(z.string(), z.string()).optional().catch(undefined);
const manifest = z.object({
  layers: z.array(
    z.object({ mediaType: z.string(), digest: z.string(), size: z.number().int(), annotations }),
  ),
  annotations,
});

/** Of an artifact: an image has layers of other kinds. */
const maxDocuments = 50;

/** The SBOMs among the layers of a manifest; none in what is no manifest, or has no SBOM. */
export function documentsIn(content: Uint8Array): readonly SbomDocument[] {
  const parsed = manifest.safeParse(parse(content)).data;
  if (parsed === undefined) return [];
  const documents: SbomDocument[] = [];
  for (const { mediaType, digest, size, annotations } of parsed.layers.slice(0, maxDocuments)) {
    if (!isDigest(digest)) continue;
    const format = plain.get(mediaType);
    if (format !== undefined) documents.push({ digest, size, format, mediaType, attested: false });
    if (!attestation.test(mediaType)) continue;
    const predicate = predicateOf(annotations) ?? predicateOf(parsed.annotations);
    const attested = predicates.find(({ form }) => predicate !== undefined && form.test(predicate))?.format;
    if (attested === undefined) continue;
    const described = { format: attested, mediaType: predicateMediaTypes[attested], attested: true };
    documents.push({ digest, size, ...described });
  }
  return documents;
}

function predicateOf(annotations: Readonly<Record<string, string>> | undefined): string | undefined {
  return predicateAnnotations.map((name) => annotations?.[name]).find((value) => value !== undefined);
}

function parse(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(content));
  } catch {
    return undefined;
  }
}
