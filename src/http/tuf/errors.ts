import type { BreakwaterError } from "../../kernel/index.ts";
import { type TrustCode, TrustRefusal } from "../../trust/index.ts";
import { statusOf } from "../errors.ts";
import { json, type Reply, reply } from "./reply.ts";

/** The contract, section 2: the status and the words of each code. */
const problems: Readonly<Record<TrustCode, readonly [status: number, message: string]>> = {
  METADATA_NOT_FOUND: [404, "You have requested metadata that does not exist."],
  MALFORMED_UPLOAD: [400, "The body of your request is malformed."],
  NO_FILENAME: [400, "No file/role name provided."],
  INVALID_ROLE: [400, "The role you are attempting to operate on is invalid."],
  MALFORMED_JSON: [400, "JSON sent by the client could not be parsed by the server"],
  INVALID_UPDATE: [400, "Update sent by the client is invalid."],
  VERSION: [400, "A newer version of metadata is already available."],
  INVALID_GUN: [400, "The server does not support actions on images of this name."],
  INVALID_PARAMETERS: [400, "The parameters provided are not valid."],
  UNKNOWN: [500, "unknown error"],
};

/** Clients read no further, and what is cut off in the middle is not JSON to them. */
const maxBody = 1023;

/** A refusal as Notary's clients read it: exactly one error, and a newline. */
export function tufError(error: TrustRefusal | BreakwaterError): Reply {
  const [status, code, message] = describe(error);
  const body = (detail: unknown) =>
    goJson({ errors: [{ code, message, ...(detail === null ? {} : { detail }) }] });
  const { detail = null } = error;
  const whole = body(detail);
  const text = Buffer.byteLength(whole) <= maxBody || status !== 400 ? whole : body(shortened(detail, whole));
  const { retryAfter } = (detail ?? {}) as { retryAfter?: unknown };
  const pause = typeof retryAfter === "number" ? { "Retry-After": String(Math.ceil(retryAfter)) } : {};
  return reply(text, { ...json, ...pause }, status);
}

function describe(error: TrustRefusal | BreakwaterError): readonly [number, string, string] {
  if (error instanceof TrustRefusal) {
    const [status, message] = problems[error.code];
    return [status, error.code, message];
  }
  if (error.code === "UNAUTHORIZED") return [401, error.code, "authentication required"];
  return [statusOf(error.code), error.code, error.message];
}

/** The detail with its text cut by as much as is too much; none where it has no text that could be cut. */
function shortened(detail: unknown, whole: string): unknown {
  const excess = Buffer.byteLength(whole) - maxBody;
  // A character takes at least one byte, and what takes its place takes three.
  const cut = (text: string) => `${text.slice(0, Math.max(0, text.length - excess - 3)).toWellFormed()}…`;
  if (typeof detail === "string") return cut(detail);
  const { Name, Error: inner } = (detail ?? {}) as { Name?: string; Error?: { Msg?: string } };
  return inner?.Msg === undefined ? null : { Name, Error: { ...inner, Msg: cut(inner.Msg) } };
}

/** JSON as Go's encoder writes it: what HTML would take for its own is escaped, and a newline ends it. */
function goJson(value: unknown): string {
  const escaped = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${escaped}\n`;
}
