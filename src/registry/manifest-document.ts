import { z } from "zod";
import {
  BreakwaterError,
  type Digest,
  imageManifestTypes,
  indexTypes,
  isDigest,
  isNondistributable,
  mediaTypes,
  schema1Types,
} from "../kernel/index.ts";
import { describedMediaType, typeOf } from "./artifact-type.ts";
import { parseUnambiguous } from "./unambiguous-json.ts";

/** What the registry needs to know of a manifest, of whichever format. */
export interface ManifestDocument {
  readonly mediaType: string;
  /** Its `artifactType`, else its config's media type (specification 1.1, "Listing referrers"); may be empty. */
  readonly artifactType: string;
  /** Its config's media type; of an index its own. */
  readonly configMediaType: string;
  /** Harbor's name of its type: IMAGE, CHART … */
  readonly type: string;
  /** Content that must be in the repository as blobs: the config and the layers. */
  readonly blobs: readonly Digest[];
  /** Content that must be in the repository as manifests. */
  readonly children: readonly Digest[];
  readonly subject: Digest | null;
  readonly annotations: Readonly<Record<string, string>> | null;
}

/** Specification 1.1, "Pushing manifests": at least 4 MiB must be taken. */
export const maxManifestSize = 4 * 1024 * 1024;

const digest = z.string().refine(isDigest, "is not a sha256 or sha512 digest");
/** Not every engine stores control characters, and no type has any. */
const mediaType = z
  .string()
  .max(255)
  .regex(/^\P{Cc}*$/u, "has control characters");
const descriptor = z.looseObject({
  mediaType,
  digest,
  size: z.int().nonnegative(),
});
const annotations = z.record(z.string(), z.string()).nullish();
const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: mediaType.nullish(),
  subject: descriptor.nullish(),
  annotations,
};
const imageManifest = z.looseObject({ ...common, config: descriptor, layers: z.array(descriptor) });
const imageIndex = z.looseObject({ ...common, manifests: z.array(descriptor) });

/**
 * Reads a manifest that a client pushes under `contentType`. Throws MANIFEST_INVALID, saying where and why,
 * when it is not what it says it is, and MANIFEST_TOO_LARGE.
 */
export function parseManifest(content: Uint8Array, contentType: string): ManifestDocument {
  if (content.length > maxManifestSize) throw tooLarge();
  const declared = contentType.split(";", 1)[0]?.trim() ?? "";
  if (schema1Types.has(declared)) throw schema1();
  const json = parseJson(content);
  if (json.schemaVersion === 1) throw schema1();
  const inside = typeof json.mediaType === "string" ? json.mediaType : undefined;
  const mediaType = inside ?? (isManifestType(declared) ? declared : guessType(json));
  if (!isManifestType(mediaType)) {
    throw invalid(`its media type "${mediaType.slice(0, 200)}" is not that of an image manifest or index`);
  }
  if (declared !== mediaType && isManifestType(declared)) {
    throw invalid(`it was sent as "${declared}", and its mediaType field says "${mediaType}"`);
  }
  return indexTypes.has(mediaType) ? readIndex(json, mediaType) : readImage(json, mediaType);
}

export function tooLarge(): BreakwaterError {
  return new BreakwaterError(
    "MANIFEST_TOO_LARGE",
    `The manifest is larger than ${maxManifestSize} bytes, the most that this registry takes.`,
  );
}

function readImage(json: object, mediaType: string): ManifestDocument {
  refuseAmbiguous(json, ["manifests"]);
  const manifest = check(imageManifest, json);
  const layers = manifest.layers.filter((layer) => !isNondistributable(layer.mediaType));
  const artifactType = manifest.artifactType || manifest.config.mediaType;
  const configMediaType = describedMediaType(manifest.config.mediaType, false, manifest.annotations ?? null);
  return {
    mediaType,
    artifactType,
    configMediaType,
    type: typeOf(artifactType, configMediaType),
    blobs: distinct([manifest.config, ...layers]),
    children: [],
    subject: (manifest.subject?.digest as Digest | undefined) ?? null,
    annotations: manifest.annotations ?? null,
  };
}

function readIndex(json: object, mediaType: string): ManifestDocument {
  refuseAmbiguous(json, ["config", "layers"]);
  const index = check(imageIndex, json);
  const artifactType = index.artifactType ?? "";
  const configMediaType = describedMediaType(mediaType, true, index.annotations ?? null);
  return {
    mediaType,
    artifactType,
    configMediaType,
    type: typeOf(artifactType, configMediaType),
    // The image specification lets an index name other things than manifests; those are blobs to a registry.
    blobs: distinct(index.manifests.filter((child) => !isManifestType(child.mediaType))),
    children: distinct(index.manifests.filter((child) => isManifestType(child.mediaType))),
    subject: (index.subject?.digest as Digest | undefined) ?? null,
    annotations: index.annotations ?? null,
  };
}

function isManifestType(mediaType: string): boolean {
  return imageManifestTypes.has(mediaType) || indexTypes.has(mediaType);
}

/** OCI documents may leave their media type out; a client that names none leaves only the shape. */
function guessType(json: object): string {
  return "manifests" in json ? mediaTypes.ociIndex : mediaTypes.ociManifest;
}

function distinct(descriptors: readonly { digest: string }[]): Digest[] {
  return [...new Set(descriptors.map((item) => item.digest as Digest))];
}

function parseJson(content: Uint8Array): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw invalid("it is not UTF-8", error);
  }
  const json = parseUnambiguous(text, (why, cause) => {
    throw invalid(why, cause);
  });
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw invalid("it is not a JSON object");
  }
  return json as Record<string, unknown>;
}

/** A reader that goes by the fields would take it for the one, a reader that goes by the type for the other. */
function refuseAmbiguous(json: object, strangers: readonly string[]): void {
  const stranger = strangers.find((field) => Object.hasOwn(json, field));
  if (stranger === undefined) return;
  throw invalid(`it has the field "${stranger}" too, so that it could be an image as well as an index`);
}

function check<T>(schema: z.ZodType<T>, json: object): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(`${issue?.path.join(".") || "it"}: ${issue?.message ?? "is not valid"}`, result.error);
}

function invalid(why: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError("MANIFEST_INVALID", `The manifest is not valid: ${why}.`, { cause });
}

function schema1(): BreakwaterError {
  return new BreakwaterError(
    "MANIFEST_INVALID",
    "Docker image manifests of schema version 1 are not accepted: they cannot be verified. Push the image again with a client of Docker 1.10 or later, which sends schema version 2.",
  );
}
