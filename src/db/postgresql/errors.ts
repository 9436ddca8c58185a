import { DatabaseError } from "pg";
import { BreakwaterError } from "../../kernel/index.ts";

/** The connection ended, or there was none to be had, before anything was committed on it. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super("The connection to PostgreSQL was lost.", { cause });
    this.name = "ConnectionLost";
  }
}

/**
 * States (PostgreSQL, appendix A, "Error Codes") in which the server takes its leave of a connection, or takes
 * none: shut down, crashed, starting, out of connections, timed out, or not the primary any more.
 */
const farewells: ReadonlySet<string> = new Set([
  "25006",
  "25P03",
  "40003",
  "53300",
  "57P01",
  "57P02",
  "57P03",
  "57P05",
]);

/** The five-character state of an error that the server itself reported. */
export function stateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/** What `pg` throws, where it means that the connection is of no further use, as a ConnectionLost. */
export function asLoss(error: unknown): unknown {
  const state = stateOf(error);
  // What no server reported comes from the network, from TLS, or from a time that ran out.
  const lost = state === undefined || state.startsWith("08") || farewells.has(state);
  return lost ? new ConnectionLost(error) : error;
}

/** True when the server rolled the transaction back for another's sake: it may well succeed now. */
export function isConflict(error: unknown): boolean {
  return ["40001", "40P01"].includes(stateOf(error) ?? "");
}

/**
 * True when a key was taken or a parent removed at the same moment: the next attempt sees it, and what looks
 * before it writes then says so in its own words (PostgreSQL 13.5, "Serialization Failure Handling").
 */
export function isViolation(error: unknown): boolean {
  return ["23503", "23505"].includes(stateOf(error) ?? "");
}

/** The refusal that clients are answered with; errors that nobody foresees stay what they are. */
export function toRefusal(error: unknown): unknown {
  if (error instanceof ConnectionLost) {
    return unavailable("The database does not answer. Nothing was changed; try again in a moment.", error);
  }
  if (isConflict(error)) {
    return unavailable("Too many requests change the same things at this moment; try again.", error);
  }
  if (stateOf(error) === "22021") {
    return new BreakwaterError("BAD_REQUEST", "A text holds the character NUL, which cannot be stored.", {
      cause: error,
    });
  }
  if (stateOf(error) === "53100") {
    return new BreakwaterError(
      "STORAGE_FULL",
      "The database's volume is full. Nothing was acknowledged. Free space, then try again.",
      { cause: error },
    );
  }
  return error;
}

/** A commit whose answer never came. It must be neither acknowledged nor repeated unseen. */
export function unknownOutcome(cause: unknown): BreakwaterError {
  return unavailable(
    "The connection to the database ended during the commit: the change may have been made or not. Try again.",
    cause,
  );
}

function unavailable(message: string, cause: unknown): BreakwaterError {
  return new BreakwaterError("UNAVAILABLE", message, { cause, detail: { retryAfter: 1 } });
}
