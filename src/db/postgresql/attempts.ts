import { second } from "../../kernel/index.ts";
import { ConnectionLost, isConflict, isViolation, toRefusal } from "./errors.ts";

/** How long a change is tried again when others keep getting in its way all the same. */
const patience = 15 * second;
/** The longest pause between two attempts, in milliseconds. */
const longestPause = 250;
/** How often a lost connection or a taken key is met in good faith; after that it is what it looks like. */
const doubts = 2;

/**
 * Runs a transaction as often as it takes until it is committed (PostgreSQL 13.5, "Serialization Failure
 * Handling"): the first time `among` others, then `alone`. Throws UNAVAILABLE when that takes too long, or when
 * the server is gone.
 */
export async function attempt<T>(among: () => Promise<T>, alone: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + patience;
  let transaction = among;
  for (let failures = 1; ; failures++) {
    try {
      return await transaction();
    } catch (error) {
      const hope =
        isConflict(error) || (failures <= doubts && (error instanceof ConnectionLost || isViolation(error)));
      if (!hope || Date.now() > deadline) throw toRefusal(error);
      transaction = alone;
    }
    // The second attempt waits for its turn as it is; later ones by chance, so as not to meet again.
    if (failures > 1) await Bun.sleep(Math.random() * Math.min(longestPause, 2 ** failures));
  }
}
