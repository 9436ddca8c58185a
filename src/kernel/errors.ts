/**
 * The error catalogue: every way in which Breakwater refuses something, by a code that never changes.
 * Rooms throw these; only `http/` knows which status and which body a code becomes.
 *
 * The first block is the OCI Distribution specification's own table (1.1, "Error Codes"), the second what
 * Harbor's REST API answers, the third what neither has a word for.
 */
export const errorCatalogue = {
  BLOB_UNKNOWN: "The blob is not in this repository.",
  BLOB_UPLOAD_INVALID: "The upload cannot go on.",
  BLOB_UPLOAD_UNKNOWN: "The upload does not exist.",
  DIGEST_INVALID: "The digest does not match the content, or is not a digest.",
  MANIFEST_BLOB_UNKNOWN: "The manifest names content that the repository lacks.",
  MANIFEST_INVALID: "The manifest is not valid.",
  MANIFEST_UNKNOWN: "The manifest is not in this repository.",
  NAME_INVALID: "The repository name is not valid.",
  NAME_UNKNOWN: "The repository does not exist.",
  SIZE_INVALID: "The length does not match the content.",
  UNAUTHORIZED: "Authentication is required.",
  DENIED: "The requested access is denied.",
  UNSUPPORTED: "The operation is not supported.",
  TOOMANYREQUESTS: "There were too many requests.",

  BAD_REQUEST: "The request is not valid.",
  NOT_FOUND: "The resource does not exist.",
  FORBIDDEN: "The caller has no right to do this.",
  CONFLICT: "The resource exists already, or is in use.",
  PRECONDITION: "A precondition does not hold.",
  PROJECTPOLICYVIOLATION: "A policy of the project forbids it.",

  TAG_INVALID: "The tag is not valid.",
  RANGE_INVALID: "The range does not fit the content.",
  BLOB_IN_USE: "A manifest of the repository still needs the blob.",
  MANIFEST_TOO_LARGE: "The manifest is larger than the registry takes.",
  MANIFEST_IN_USE: "An index of the repository still needs the manifest.",
  STORAGE_FULL: "The storage has no room left.",
  FEED_INVALID: "The vulnerability data cannot be read.",
  CONFIG_INVALID: "The configuration is not valid.",
  SCHEMA_NEWER: "The database was written by a newer version.",
  UNAVAILABLE: "A part of the service does not answer; try again.",
  UNKNOWN: "The server failed.",
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

export interface ErrorOptions {
  /** Machine-readable particulars, shown to the client as `detail`. */
  readonly detail?: unknown;
  readonly cause?: unknown;
}

/** A refusal with a stable code. `message` is a sentence for people: what happened, to what, what to do. */
export class BreakwaterError extends Error {
  readonly code: ErrorCode;
  readonly detail: unknown;

  constructor(code: ErrorCode, message: string = errorCatalogue[code], options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "BreakwaterError";
    this.code = code;
    this.detail = options.detail;
  }
}

/** True when `error` is a refusal, with that code where one is given. */
export function isRefusal(error: unknown, code?: ErrorCode): error is BreakwaterError {
  return error instanceof BreakwaterError && (code === undefined || error.code === code);
}
