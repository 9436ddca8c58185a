import { BreakwaterError } from "../../kernel/index.ts";
import {
  certificateAdvice,
  labelOf,
  storageBroken,
  storageFailed,
  storageFull,
  storageMisconfigured,
} from "../chunked/failures.ts";
import type { S3Options } from "./options.ts";

/** What the library's errors and Node's have between them. */
interface Failure extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const passing: ReadonlySet<string> = new Set([
  "BadDigest",
  "InternalError",
  "OperationAborted",
  "RequestTimeout",
  "RequestTimeTooSkewed",
  "SlowDown",
  "ThrottlingException",
  "XAmzContentSHA256Mismatch",
]);
const full: ReadonlySet<string> = new Set(["InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"]);

/** True for a failure that may not be there at the next attempt. */
export function isTransient(error: unknown): boolean {
  const failure = error as Failure;
  if (error instanceof BreakwaterError || error instanceof TypeError) return false;
  if (failure.name === "CredentialsProviderError") return false;
  const status = failure.$metadata?.httpStatusCode;
  // Without an answer: the network, or a time limit of ours.
  if (status === undefined || passing.has(failure.name)) return true;
  return (status >= 500 && status !== 501 && status !== 507) || status === 429 || status === 408;
}

export function isMissing(error: unknown): boolean {
  const { name, $metadata } = error as Failure;
  return name === "NoSuchKey" || name === "NotFound" || ($metadata?.httpStatusCode === 404 && name === "404");
}

/** The range begins behind the object's last byte. */
export function isBeyondEnd(error: unknown): boolean {
  return (error as Failure).$metadata?.httpStatusCode === 416;
}

/** The service does not know the operation. */
export function isUnsupported(error: unknown): boolean {
  const { name, $metadata } = error as Failure;
  const status = $metadata?.httpStatusCode;
  return status === 501 || status === 405 || name === "NotImplemented";
}

/** A failure for the client that asked: S3's own words may name what is not for everybody, and go to the log. */
export function unavailable(error: unknown): BreakwaterError {
  if (error instanceof BreakwaterError) return error;
  const failure = error as Failure;
  const status = failure.$metadata?.httpStatusCode;
  if (full.has(failure.name) || status === 507) return storageFull(error);
  return storageFailed(labelOf(error, status), error);
}

/** A failure at the start, for the operator: which setting is wrong. */
export function misconfigured(error: unknown, options: S3Options): BreakwaterError {
  const cause = error instanceof BreakwaterError && error.cause !== undefined ? error.cause : error;
  const { bucket, region, endpoint } = options;
  const where = `the bucket "${bucket}" at ${endpoint ?? `Amazon S3 in ${region}`}`;
  const advice = adviceFor(cause as Failure, options);
  if (advice !== undefined) {
    return storageMisconfigured(where, advice, cause);
  }
  return storageBroken(where, cause, (cause as Failure).$metadata?.httpStatusCode);
}

function adviceFor(failure: Failure, { region, bucket, credentials }: S3Options): string | undefined {
  switch (failure.code ?? failure.name) {
    case "NoSuchBucket":
    case "InvalidBucketName":
      return "there is no such bucket. Create it, or correct storage_service.s3.bucket.";
    case "InvalidAccessKeyId":
    case "XAdminUserNotFound":
      return "the access key is not known there. Correct storage_service.s3.accesskey, or the keys in the environment.";
    case "SignatureDoesNotMatch":
      return "the secret key does not belong to the access key. Correct storage_service.s3.secretkey.";
    case "ExpiredToken":
    case "InvalidToken":
      return "the session token is not valid any more. Set another storage_service.s3.sessiontoken.";
    case "AccessDenied":
      return `the keys may not read, write, list and remove objects in "${bucket}". Allow s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads.`;
    case "AuthorizationHeaderMalformed":
    case "IllegalLocationConstraintException":
    case "PermanentRedirect":
      return `the bucket is not in the region "${region}". Correct storage_service.s3.region.`;
    case "RequestTimeTooSkewed":
      return "this machine's clock is wrong. Set it, and keep it right with NTP.";
    case "CredentialsProviderError":
      return `no keys were found${credentials === null ? " in the environment, the shared files or the machine's metadata" : ""}. Set storage_service.s3.accesskey and secretkey, or give the machine a role.`;
    case "ENOTFOUND":
    case "ECONNREFUSED":
    case "ConnectionRefused":
      return `nothing answers there (${failure.code}). Correct storage_service.s3.regionendpoint, or start the service.`;
    default:
      return certificateAdvice(failure.code);
  }
}
