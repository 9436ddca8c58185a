import { mediaTypes } from "../kernel/index.ts";

/** The config media type of WebAssembly modules. */
export const wasmConfig = "application/vnd.wasm.config.v1+json";

/** What says that an image holds a WebAssembly module instead of what its config's media type says. */
const wasmAnnotations = [
  ["module.wasm.image/variant", "compat"],
  ["run.oci.handler", "wasm"],
] as const;

/** Where CNAB says what its index is. */
const indexTypeAnnotation = "org.opencontainers.artifactType";

const known: ReadonlyMap<string, string> = new Map([
  [mediaTypes.ociConfig, "IMAGE"],
  [mediaTypes.dockerConfig, "IMAGE"],
  [mediaTypes.ociIndex, "IMAGE"],
  [mediaTypes.dockerList, "IMAGE"],
  ["application/vnd.cncf.helm.config.v1+json", "CHART"],
  ["application/vnd.cnab.manifest.v1", "CNAB"],
  ["application/vnd.cncf.model.manifest.v1+json", "CNAI"],
  ["application/vnd.goharbor.harbor.sbom.v1", "SBOM"],
  [wasmConfig, "WASM"],
]);

/** `application/vnd.<organisation>.<name>.config.<version>+json`: the name is the type. */
const configPattern = /^application\/vnd\.[^.]*\.(.*)\.config\.[^.]*\+json$/;

/** The type of what Harbor has no name for, and no way to read one. */
export const unknownType = "UNKNOWN";

/** Harbor's `media_type`: the config's, or the index's own, unless annotations know better. */
export function describedMediaType(
  mediaType: string,
  isIndex: boolean,
  annotations: Readonly<Record<string, string>> | null,
): string {
  if (isIndex) return annotations?.[indexTypeAnnotation] || mediaType;
  return wasmAnnotations.some(([name, value]) => annotations?.[name] === value) ? wasmConfig : mediaType;
}

/** Harbor's name of an artifact's type: by `artifactType` where it knows that, else by the media type. */
export function typeOf(artifactType: string, mediaType: string): string {
  if (mediaType === wasmConfig) return "WASM";
  const name = known.get(artifactType || mediaType);
  return name ?? configPattern.exec(mediaType)?.[1]?.toUpperCase() ?? unknownType;
}
