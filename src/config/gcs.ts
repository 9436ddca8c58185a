import { resolve } from "node:path";
import type { Values } from "./keys.ts";
import { type RedirectConfig, toRedirect } from "./redirect.ts";
import type { Problem } from "./settings.ts";
import { toCaBundle, toRootDirectory } from "./storage-values.ts";

/** Harbor's keys are the parameters of Docker Distribution's driver, and so mean what they mean there. */
export interface GcsConfig {
  readonly bucket: string;
  /** The service's URL, without a slash at the end. */
  readonly endpoint: string;
  /** A service account's key in JSON; null: from the environment or the machine's metadata. */
  readonly key: { readonly file: string } | { readonly json: string } | null;
  /** Without a slash at either end. */
  readonly rootDirectory: string;
  readonly caBundle: string | null;
  /** Bytes. */
  readonly chunkSize: number;
  readonly redirect: RedirectConfig | null;
}

export function toGcs(values: Values, cwd: string): GcsConfig {
  const file = values["storage_service.gcs.keyfile"];
  const json = values["storage_service.gcs.credentials"];
  return {
    bucket: values["storage_service.gcs.bucket"] ?? "",
    endpoint: values["breakwater.gcs.endpoint"] ?? "https://storage.googleapis.com",
    key: file !== undefined ? { file: resolve(cwd, file) } : json !== undefined ? { json } : null,
    rootDirectory: toRootDirectory(values["storage_service.gcs.rootdirectory"]),
    caBundle: toCaBundle(values, cwd),
    chunkSize: values["storage_service.gcs.chunksize"] ?? 10 * 2 ** 20,
    redirect: toRedirect(values),
  };
}

export function gcsProblems({ bucket }: GcsConfig): Problem[] {
  if (bucket !== "") return [];
  return [{ key: "storage_service.gcs.bucket", expected: "a bucket's name", found: "nothing" }];
}

/** By the file's own keys, as `describeStorage`. */
export function describeGcs({ bucket, key, rootDirectory, chunkSize }: GcsConfig, mask: string): object {
  return {
    bucket,
    ...(key === null ? {} : "file" in key ? { keyfile: key.file } : { credentials: mask }),
    rootdirectory: rootDirectory || null,
    chunksize: chunkSize,
  };
}
