import { z } from "zod";
import { unknownType, wasmConfig } from "./artifact-type.ts";

/** What is told of an artifact beyond its manifest, by Harbor's names (`extra_attrs`). */
export type Attributes = Readonly<Record<string, unknown>>;

const annotations = z.record(z.string(), z.string()).optional().catch(undefined);

/** Of an image manifest, what its attributes are made of. */
export const imageManifest = z.object({
  config: z.object({ digest: z.string(), mediaType: z.string() }),
  layers: z.array(z.object({ mediaType: z.string().catch(""), annotations })).catch([]),
});

export type ImageManifest = z.infer<typeof imageManifest>;

/** The members of an image's configuration that the image specification names (config.md, "Properties"). */
const configMembers = [
  "User",
  "ExposedPorts",
  "Env",
  "Entrypoint",
  "Cmd",
  "Volumes",
  "WorkingDir",
  "Labels",
  "StopSignal",
  "ArgsEscaped",
] as const;

/** Where images that name no author may still tell one. */
const authorLabels = ["org.opencontainers.image.authors", "maintainer"] as const;

/**
 * The attributes of an artifact of that type: those that Harbor picks from an image, the whole config of
 * other types. Null where there are none, because the config is no JSON object or says nothing of the kind.
 */
export function attributesOf(type: string, manifest: ImageManifest, config: unknown): Attributes | null {
  if (type === "WASM" && manifest.config.mediaType === wasmConfig) return moduleAttributes(manifest);
  if (type === unknownType || !isObject(config)) return null;
  switch (type) {
    case "IMAGE":
      return imageAttributes(config);
    case "WASM":
      return { "manifest.config.mediaType": manifest.config.mediaType, ...imageAttributes(config) };
    default:
      return config;
  }
}

/** How the image was built, step by step; empty when its config does not say. */
export function historyOf(config: unknown): readonly unknown[] {
  return isObject(config) && Array.isArray(config.history) ? config.history : [];
}

function imageAttributes(image: Record<string, unknown>): Attributes {
  const given = isObject(image.config) ? image.config : {};
  const config = Object.fromEntries(
    configMembers.filter((name) => given[name] != null).map((name) => [name, given[name]]),
  );
  return {
    created: image.created ?? null,
    architecture: image.architecture ?? "",
    os: image.os ?? "",
    author: image.author || authorIn(config.Labels),
    config,
  };
}

function authorIn(labels: unknown): unknown {
  if (!isObject(labels)) return "";
  return authorLabels.map((name) => labels[name]).find(Boolean) ?? "";
}

function moduleAttributes({ config, layers }: ImageManifest): Attributes {
  const [module] = layers;
  const title = module?.annotations?.["org.opencontainers.image.title"];
  return {
    "manifest.config.mediaType": config.mediaType,
    ...(module === undefined ? {} : { "manifest.layers.mediaType": module.mediaType }),
    ...(title === undefined ? {} : { "org.opencontainers.image.title": title }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
