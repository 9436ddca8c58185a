import { BreakwaterError, type Digest } from "../kernel/index.ts";

export function unknownManifest(name: string, reference: string): BreakwaterError {
  return new BreakwaterError("MANIFEST_UNKNOWN", `The repository "${name}" has no manifest "${reference}".`, {
    detail: { name, reference },
  });
}

export function unknownBlob(name: string, digest: Digest): BreakwaterError {
  return new BreakwaterError("BLOB_UNKNOWN", `The repository "${name}" has no blob ${digest}.`, {
    detail: { digest },
  });
}

export function collectedMeanwhile(): BreakwaterError {
  return new BreakwaterError(
    "UNAVAILABLE",
    "The content was collected as garbage before it could be linked, because its push took too long. Push it again.",
  );
}
