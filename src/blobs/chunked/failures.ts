import { BreakwaterError } from "../../kernel/index.ts";

/*
 * What a service's failures become. Its own words may name what is not for everybody: they are the cause, which goes
 * to the log, and `label` is all of them that a client sees.
 */

export function storageFailed(label: string, cause: unknown): BreakwaterError {
  return new BreakwaterError(
    "UNAVAILABLE",
    `The registry's storage failed (${label}). Nothing was acknowledged; try again.`,
    { cause },
  );
}

/** The name of a failure without its details: a code of the network's or the service's, and the answer's status. */
export function labelOf(error: unknown, status?: number): string {
  const { code, name, message } = error as Error & { readonly code?: string };
  const label = code ?? (name === "Error" ? message : name);
  return status === undefined ? label : `${label}, status ${status}`;
}

export function storageFull(cause: unknown): BreakwaterError {
  return new BreakwaterError(
    "STORAGE_FULL",
    "The registry's storage has no room for this content. Nothing was stored. Free space or raise the bucket's quota, then push again.",
    { cause },
  );
}

export function contentLost(cause: unknown): BreakwaterError {
  return new BreakwaterError(
    "BLOB_UNKNOWN",
    "The registry's storage has lost the content. Push it again; breakwater fsck tells what else is missing.",
    { cause },
  );
}

/** Of an upload, which is to be begun again. */
export function chunksLost(found: number, expected: number): BreakwaterError {
  return new BreakwaterError(
    "BLOB_UPLOAD_INVALID",
    `The storage lost bytes of this upload: it holds ${found} of ${expected}. Begin the upload again.`,
  );
}

/** Throws UNAVAILABLE when an object was put together and is not as long as its pieces. */
export function expectSize(stored: number | undefined, expected: number): void {
  if (stored === expected) return;
  throw new BreakwaterError(
    "UNAVAILABLE",
    `The registry's storage took ${expected} bytes and holds ${stored ?? "none"} of them. Nothing was acknowledged; try again.`,
  );
}

/** What to do where the code says that the service's certificate was not taken. */
export function certificateAdvice(code: string | undefined): string | undefined {
  if (code === undefined || !certificateCodes.has(code)) return undefined;
  return `its certificate is not trusted (${code}). Name its authority's file in storage_service.ca_bundle.`;
}

const certificateCodes: ReadonlySet<string> = new Set([
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** At the start, for the operator: `where` names the storage, `advice` the setting that is wrong. */
export function storageMisconfigured(where: string, advice: string, cause: unknown): BreakwaterError {
  return new BreakwaterError("CONFIG_INVALID", `Images cannot be kept in ${where}: ${advice}`, { cause });
}

/** At the start, where no setting is known to be wrong. */
export function storageBroken(where: string, cause: unknown, status?: number): BreakwaterError {
  const { message } = cause as Error;
  return new BreakwaterError(
    "UNAVAILABLE",
    `The storage, ${where}, does not work: ${labelOf(cause, status)}${message ? `, ${message}` : ""}.`,
    { cause },
  );
}
