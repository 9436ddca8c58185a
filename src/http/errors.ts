import { BreakwaterError, type ErrorCode } from "../kernel/index.ts";

/** The one place that knows which HTTP status a refusal becomes. */
const statuses: Readonly<Record<ErrorCode, number>> = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  BAD_REQUEST: 400,
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  CONFLICT: 409,
  PRECONDITION: 412,
  PROJECTPOLICYVIOLATION: 412,
  TAG_INVALID: 400,
  RANGE_INVALID: 416,
  BLOB_IN_USE: 409,
  MANIFEST_TOO_LARGE: 413,
  MANIFEST_IN_USE: 409,
  STORAGE_FULL: 507,
  CONFIG_INVALID: 500,
  FEED_INVALID: 400,
  SCHEMA_NEWER: 500,
  UNAVAILABLE: 503,
  UNKNOWN: 500,
};

export function statusOf(code: ErrorCode): number {
  return statuses[code];
}

/** A failure that nobody planned for, as clients may see it: what went wrong inside is for the log. */
export function asRefusal(error: unknown): BreakwaterError {
  if (error instanceof BreakwaterError) return error;
  // What failed first is what happened; that cleaning up after it failed too is a consequence.
  if (error instanceof SuppressedError) return asRefusal(error.suppressed);
  // The runtime's word for it. No failure of ours: else anybody could fill the log with errors.
  if ((error as { name?: string } | null)?.name === "AbortError") {
    return new BreakwaterError("BAD_REQUEST", "The connection ended within the request.", { cause: error });
  }
  if ((error as { code?: string } | null)?.code === "SQLITE_FULL") {
    return new BreakwaterError(
      "STORAGE_FULL",
      "The database's volume is full. Nothing was acknowledged. Free space, then try again.",
      { cause: error },
    );
  }
  return new BreakwaterError(
    "UNKNOWN",
    "The server failed at this request. Its log tells more under the request's id.",
    { cause: error },
  );
}

/**
 * A refusal as an answer, in the body that the OCI Distribution specification ("Error Codes") and Harbor's
 * REST API share: `{"errors":[{"code","message","detail"}]}`.
 */
export function toResponse(
  error: BreakwaterError,
  requestId: string,
  headers: Record<string, string> = {},
): Response {
  const { code, message, detail } = error;
  const response = Response.json(
    { errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }], request_id: requestId },
    { status: statuses[code], headers },
  );
  const retryAfter = (detail as { retryAfter?: unknown } | undefined)?.retryAfter;
  if (typeof retryAfter === "number") response.headers.set("Retry-After", String(Math.ceil(retryAfter)));
  return response;
}
