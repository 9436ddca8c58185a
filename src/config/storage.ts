import { access, constants } from "node:fs/promises";
import { join, resolve } from "node:path";
import { minute, second } from "../kernel/index.ts";
import type { Values } from "./keys.ts";
import type { Problem } from "./settings.ts";
import { formatDuration } from "./values.ts";

/** Where images lie: in a folder, or in a bucket that several copies share. */
export type StorageConfig =
  | { readonly driver: "filesystem"; readonly rootDirectory: string }
  | { readonly driver: "s3"; readonly s3: S3Config };

/** Harbor's keys are the parameters of Docker Distribution's driver, and so mean what they mean there. */
export interface S3Config {
  readonly bucket: string;
  readonly region: string;
  /** A URL; null for Amazon's. */
  readonly endpoint: string | null;
  readonly forcePathStyle: boolean;
  /** Null: from the environment, the shared files, or the machine's metadata. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  } | null;
  /** Without a slash at either end. */
  readonly rootDirectory: string;
  readonly accelerate: boolean;
  readonly dualStack: boolean;
  readonly caBundle: string | null;
  readonly skipVerify: boolean;
  /** Bytes. */
  readonly chunkSize: number;
  readonly copyConcurrency: number;
  readonly encryption: { readonly kmsKey: string | null } | null;
  readonly storageClass: string | null;
  readonly acl: string | null;
  readonly userAgent: string | null;
  readonly redirect: RedirectConfig | null;
}

export interface RedirectConfig {
  readonly endpoint: string | null;
  readonly networks: readonly string[];
  readonly except: readonly string[];
  /** Seconds. */
  readonly lifetime: number;
}

export function toStorage(
  values: Values,
  sections: ReadonlySet<string>,
  dataVolume: string,
  cwd: string,
): StorageConfig {
  const asked = Object.keys(values).some((key) => key.startsWith("storage_service.s3."));
  if (asked || sections.has("storage_service.s3")) return { driver: "s3", s3: toS3(values, cwd) };
  const folder = values["storage_service.filesystem.rootdirectory"];
  return {
    driver: "filesystem",
    rootDirectory: folder === undefined ? join(dataVolume, "registry") : resolve(cwd, folder),
  };
}

function toS3(values: Values, cwd: string): S3Config {
  const endpoint = toEndpoint(
    values["storage_service.s3.regionendpoint"],
    values["storage_service.s3.secure"] ?? true,
  );
  const accessKeyId = values["storage_service.s3.accesskey"];
  const secretAccessKey = values["storage_service.s3.secretkey"];
  const sessionToken = values["storage_service.s3.sessiontoken"];
  const kmsKey = values["storage_service.s3.keyid"] ?? null;
  const caBundle = values["storage_service.ca_bundle"];
  return {
    bucket: values["storage_service.s3.bucket"] ?? "",
    region: values["storage_service.s3.region"] ?? "us-east-1",
    endpoint,
    forcePathStyle: values["storage_service.s3.forcepathstyle"] ?? endpoint !== null,
    credentials:
      accessKeyId === undefined && secretAccessKey === undefined
        ? null
        : {
            accessKeyId: accessKeyId ?? "",
            secretAccessKey: secretAccessKey ?? "",
            ...(sessionToken === undefined ? {} : { sessionToken }),
          },
    rootDirectory: (values["storage_service.s3.rootdirectory"] ?? "").replace(/^\/+|\/+$/g, ""),
    accelerate: values["storage_service.s3.accelerate"] ?? false,
    dualStack: values["storage_service.s3.usedualstack"] ?? false,
    caBundle: caBundle === undefined ? null : resolve(cwd, caBundle),
    skipVerify: values["storage_service.s3.skipverify"] ?? false,
    chunkSize: values["storage_service.s3.chunksize"] ?? 10 * 2 ** 20,
    copyConcurrency: values["storage_service.s3.multipartcopymaxconcurrency"] ?? 32,
    encryption: (values["storage_service.s3.encrypt"] ?? kmsKey !== null) ? { kmsKey } : null,
    storageClass: values["storage_service.s3.storageclass"] ?? null,
    acl: values["storage_service.s3.objectacl"] ?? null,
    userAgent: values["storage_service.s3.useragent"] ?? null,
    redirect: toRedirect(values),
  };
}

/** `secure` says what an endpoint without a scheme means. */
function toEndpoint(endpoint: string | undefined, secure: boolean): string | null {
  if (endpoint === undefined) return null;
  return endpoint.includes("://") ? endpoint : `${secure ? "https" : "http"}://${endpoint}`;
}

/** Harbor redirects unless told not to, and so shows its clients hosts that they may not reach. Here it is asked for. */
function toRedirect(values: Values): RedirectConfig | null {
  const disabled = values["storage_service.redirect.disable"];
  const asked = Object.keys(values).some((key) => key.startsWith("breakwater.redirect."));
  if (disabled === true || (disabled === undefined && !asked)) return null;
  return {
    endpoint: values["breakwater.redirect.endpoint"] ?? null,
    networks: values["breakwater.redirect.networks"] ?? [],
    except: values["breakwater.redirect.except"] ?? [],
    lifetime: (values["breakwater.redirect.expires_in"] ?? 20 * minute) / second,
  };
}

export async function storageProblems(storage: StorageConfig): Promise<Problem[]> {
  if (storage.driver === "filesystem") return [];
  const { bucket, credentials, caBundle } = storage.s3;
  const problems: Problem[] = [];
  if (bucket === "") {
    problems.push({ key: "storage_service.s3.bucket", expected: "a bucket's name", found: "nothing" });
  }
  if (credentials?.accessKeyId === "") {
    problems.push({ key: "storage_service.s3.accesskey", expected: "a key, because secretkey has one" });
  }
  if (credentials?.secretAccessKey === "") {
    problems.push({ key: "storage_service.s3.secretkey", expected: "a key, because accesskey has one" });
  }
  if (caBundle !== null) {
    await access(caBundle, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "no such file" : (error.code ?? "an error");
      const expected = "a file in PEM form that can be read";
      problems.push({ key: "storage_service.ca_bundle", expected, found: `${why}: ${caBundle}` });
    });
  }
  return problems;
}

export function storageWarnings(storage: StorageConfig): string[] {
  if (storage.driver === "filesystem") return [];
  const warnings: string[] = [];
  const { endpoint, skipVerify, redirect } = storage.s3;
  const local = endpoint !== null && /^http:\/\/(?:localhost|127\.|\[::1\])/.test(endpoint);
  if (endpoint?.startsWith("http:") && !local) {
    warnings.push(
      `The connection to the storage at ${endpoint} is not encrypted: images cross the network unprotected.`,
    );
  }
  if (skipVerify) {
    warnings.push(
      "storage_service.s3.skipverify takes any certificate of the storage's. Name its authority's file in storage_service.ca_bundle instead.",
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
  const { s3 } = storage;
  const { credentials, encryption, redirect } = s3;
  const section = {
    ...(credentials === null ? {} : { accesskey: mask, secretkey: mask }),
    ...(credentials?.sessionToken === undefined ? {} : { sessiontoken: mask }),
    region: s3.region,
    regionendpoint: s3.endpoint,
    forcepathstyle: s3.forcePathStyle,
    accelerate: s3.accelerate,
    usedualstack: s3.dualStack,
    bucket: s3.bucket,
    rootdirectory: s3.rootDirectory === "" ? null : s3.rootDirectory,
    encrypt: encryption !== null,
    keyid: encryption?.kmsKey ?? null,
    skipverify: s3.skipVerify,
    chunksize: s3.chunkSize,
    multipartcopymaxconcurrency: s3.copyConcurrency,
    storageclass: s3.storageClass,
    objectacl: s3.acl,
    useragent: s3.userAgent,
  };
  return {
    top: {
      storage_service: { ca_bundle: s3.caBundle, s3: section, redirect: { disable: redirect === null } },
    },
    own: redirect === null ? {} : { redirect: describeRedirect(redirect) },
  };
}

function describeRedirect({ endpoint, networks, except, lifetime }: RedirectConfig): object {
  return {
    endpoint,
    networks: networks.length === 0 ? null : networks.join(", "),
    except: except.length === 0 ? null : except.join(", "),
    expires_in: formatDuration(lifetime * second),
  };
}
