import type { Tx } from "../../db/index.ts";
import type { Problem } from "./check.ts";

/** A row's counter, where it and what it counts do not agree. */
export interface Miscount {
  readonly subject: string;
  /** What is counted: "repositories that link it". */
  readonly what: string;
  readonly noted: number;
  readonly counted: number;
}

/** A wrong counter, and the way to set it right. */
export function miscounted(miscount: Miscount, set: (tx: Tx) => Promise<unknown>): Problem {
  const { subject, what, noted, counted } = miscount;
  const wrong =
    noted === counted
      ? `It is ${counted}, and the time since when it is 0 is noted wrongly`
      : `It is ${counted}, and noted as ${noted}`;
  return {
    finding: {
      kind: "counter",
      severity: "drift",
      subject,
      message: `The number of ${what} is not right for ${subject}. ${wrong}. ${noted < counted ? "A collection could delete what is needed." : "Content could be kept for longer than it is needed."}`,
      remedy: "A repair counts anew.",
      bytes: 0,
    },
    repair: async (tx) => {
      await set(tx);
      return true;
    },
  };
}

/** A part of a query: true where `orphaned_at` is not set exactly when the counter is 0. */
export function misdated(orphanedAt: number | null, counted: number): boolean {
  return (orphanedAt === null) !== counted > 0;
}
