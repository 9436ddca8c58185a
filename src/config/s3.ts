import type { Values } from "./keys.ts";
import { type RedirectConfig, toRedirect } from "./redirect.ts";
import type { Problem } from "./settings.ts";
import { toCaBundle, toRootDirectory } from "./storage-values.ts";

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

export function toS3(values: Values, cwd: string): S3Config {
  const endpoint = toEndpoint(
    values["storage_service.s3.regionendpoint"],
    values["storage_service.s3.secure"] ?? true,
  );
  const accessKeyId = values["storage_service.s3.accesskey"];
  const secretAccessKey = values["storage_service.s3.secretkey"];
  const sessionToken = values["storage_service.s3.sessiontoken"];
  const kmsKey = values["storage_service.s3.keyid"] ?? null;
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
    rootDirectory: toRootDirectory(values["storage_service.s3.rootdirectory"]),
    accelerate: values["storage_service.s3.accelerate"] ?? false,
    dualStack: values["storage_service.s3.usedualstack"] ?? false,
    caBundle: toCaBundle(values, cwd),
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

export function s3Problems({ bucket, credentials }: S3Config): Problem[] {
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
  return problems;
}

export function s3Warnings({ skipVerify }: S3Config): string[] {
  if (!skipVerify) return [];
  return [
    "storage_service.s3.skipverify takes any certificate of the storage's. Name its authority's file in storage_service.ca_bundle instead.",
  ];
}

/** By the file's own keys, as `describeStorage`. */
export function describeS3(s3: S3Config, mask: string): object {
  const { credentials, encryption } = s3;
  return {
    ...(credentials === null ? {} : { accesskey: mask, secretkey: mask }),
    ...(credentials?.sessionToken === undefined ? {} : { sessiontoken: mask }),
    region: s3.region,
    regionendpoint: s3.endpoint,
    forcepathstyle: s3.forcePathStyle,
    accelerate: s3.accelerate,
    usedualstack: s3.dualStack,
    bucket: s3.bucket,
    rootdirectory: s3.rootDirectory || null,
    encrypt: encryption !== null,
    keyid: encryption?.kmsKey ?? null,
    skipverify: s3.skipVerify,
    chunksize: s3.chunkSize,
    multipartcopymaxconcurrency: s3.copyConcurrency,
    storageclass: s3.storageClass,
    objectacl: s3.acl,
    useragent: s3.userAgent,
  };
}
