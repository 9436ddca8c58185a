import { join, resolve } from "node:path";
import { type AzureConfig, azureProblems, describeAzure, toAzure } from "./azure.ts";
import { describeGcs, type GcsConfig, gcsProblems, toGcs } from "./gcs.ts";
import type { Values } from "./keys.ts";
import { pemFileProblems } from "./pem-file.ts";
import { describeRedirect } from "./redirect.ts";
import { describeS3, type S3Config, s3Problems, s3Warnings, toS3 } from "./s3.ts";
import type { Problem } from "./settings.ts";

/** Where images lie: in a folder, or in a bucket or container that several copies share. */
export type StorageConfig =
  | { readonly driver: "filesystem"; readonly rootDirectory: string }
  | { readonly driver: "s3"; readonly s3: S3Config }
  | { readonly driver: "azure"; readonly azure: AzureConfig }
  | { readonly driver: "gcs"; readonly gcs: GcsConfig };

export function toStorage(
  values: Values,
  sections: ReadonlySet<string>,
  dataVolume: string,
  cwd: string,
): StorageConfig {
  const asked = (section: string) =>
    sections.has(section) || Object.keys(values).some((key) => key.startsWith(`${section}.`));
  if (asked("storage_service.s3")) return { driver: "s3", s3: toS3(values, cwd) };
  if (asked("storage_service.azure")) return { driver: "azure", azure: toAzure(values, cwd) };
  if (asked("storage_service.gcs")) return { driver: "gcs", gcs: toGcs(values, cwd) };
  const folder = values["storage_service.filesystem.rootdirectory"];
  return {
    driver: "filesystem",
    rootDirectory: folder === undefined ? join(dataVolume, "registry") : resolve(cwd, folder),
  };
}

export async function storageProblems(storage: StorageConfig): Promise<Problem[]> {
  if (storage.driver === "filesystem") return [];
  const problems = problemsOf(storage);
  const { caBundle } = serviceOf(storage);
  if (caBundle !== null) {
    problems.push(...(await pemFileProblems("storage_service.ca_bundle", caBundle)));
  }
  return problems;
}

export function storageWarnings(storage: StorageConfig): string[] {
  if (storage.driver === "filesystem") return [];
  const warnings = storage.driver === "s3" ? s3Warnings(storage.s3) : [];
  const { endpoint, redirect } = serviceOf(storage);
  const local = endpoint !== null && /^http:\/\/(?:localhost|127\.|\[::1\])/.test(endpoint);
  if (endpoint?.startsWith("http:") && !local) {
    warnings.push(
      `The connection to the storage at ${endpoint} is not encrypted: images cross the network unprotected.`,
    );
  }
  if (redirect !== null && redirect.endpoint === null && endpoint !== null) {
    warnings.push(
      `Clients are redirected to ${endpoint}, and must reach it by that name. Set breakwater.redirect.endpoint where they know it by another.`,
    );
  }
  return warnings;
}

/** By the file's own keys, as `describeConfig`: the part at the top, and the part below `breakwater`. */
export function describeStorage(
  storage: StorageConfig,
  mask: string,
): { readonly top: object; readonly own: object } {
  if (storage.driver === "filesystem") {
    return { top: { storage_service: { filesystem: { rootdirectory: storage.rootDirectory } } }, own: {} };
  }
  const { caBundle, redirect } = serviceOf(storage);
  const section = { [storage.driver]: describeService(storage, mask) };
  return {
    top: { storage_service: { ca_bundle: caBundle, ...section, redirect: { disable: redirect === null } } },
    own: {
      ...(storage.driver === "gcs" ? { gcs: { endpoint: storage.gcs.endpoint } } : {}),
      ...(redirect === null ? {} : { redirect: describeRedirect(redirect) }),
    },
  };
}

type Service = Exclude<StorageConfig, { driver: "filesystem" }>;

function problemsOf(storage: Service): Problem[] {
  switch (storage.driver) {
    case "s3":
      return s3Problems(storage.s3);
    case "azure":
      return azureProblems(storage.azure);
    case "gcs":
      return gcsProblems(storage.gcs);
  }
}

function describeService(storage: Service, mask: string): object {
  switch (storage.driver) {
    case "s3":
      return describeS3(storage.s3, mask);
    case "azure":
      return describeAzure(storage.azure, mask);
    case "gcs":
      return describeGcs(storage.gcs, mask);
  }
}

/** What the services have in common. */
function serviceOf(storage: Service): S3Config | AzureConfig | GcsConfig {
  switch (storage.driver) {
    case "s3":
      return storage.s3;
    case "azure":
      return storage.azure;
    case "gcs":
      return storage.gcs;
  }
}
