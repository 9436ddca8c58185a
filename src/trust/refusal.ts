/** Why the server refuses, by the codes of Notary's protocol (the contract, section 2). */
export type TrustCode =
  | "METADATA_NOT_FOUND"
  | "MALFORMED_UPLOAD"
  | "NO_FILENAME"
  | "MALFORMED_JSON"
  | "INVALID_ROLE"
  | "INVALID_UPDATE"
  | "VERSION"
  | "INVALID_GUN"
  | "INVALID_PARAMETERS"
  | "UNKNOWN";

/** A refusal, with the particulars that the protocol gives beside the code; null for none. */
export class TrustRefusal extends Error {
  readonly code: TrustCode;
  readonly detail: unknown;

  constructor(code: TrustCode, message: string, detail: unknown = null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TrustRefusal";
    this.code = code;
    this.detail = detail;
  }
}

export type InvalidPart = "Validation" | "BadHierarchy" | "BadRoot" | "BadTargets" | "BadSnapshot";

/** An upload that does not hold together. Docker shows `message` behind words of its own for the part. */
export function invalidUpdate(part: InvalidPart, message: string, cause?: unknown): TrustRefusal {
  const missing = part === "BadHierarchy" ? { Missing: "snapshot" } : {};
  const detail = { Name: `Err${part}`, Error: { ...missing, Msg: message } };
  return new TrustRefusal("INVALID_UPDATE", message, detail, cause);
}

/** The detail of a look-up that found nothing is an empty object: the clients of some versions look at it. */
export function notFound(what: string): TrustRefusal {
  return new TrustRefusal("METADATA_NOT_FOUND", `There is no ${what}.`, {});
}

/** Of two who publish at once, the one who comes second; and whoever publishes an old version again. */
export function outdated(message: string): TrustRefusal {
  return new TrustRefusal("VERSION", message, {});
}
