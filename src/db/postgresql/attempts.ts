import { second } from "../../kernel/index.ts";
import { ConnectionLost, isConflict, isViolation, toRefusal } from "./errors.ts";

/** How long a change is tried again that others keep getting in the way of. */
const patience = 15 * second;
/** The longest pause between two attempts, in milliseconds. */
const longestPause = 250;
/** How often a lost connection or a taken key is met in good faith; after that it is what it looks like. */
const doubts = 2;

/**
 * Runs a transaction as often as it takes until it is committed (PostgreSQL 13.5, "Serialization Failure
 * Handling"). Throws UNAVAILABLE when that takes too long, or when the server is gone.
 */
export async function attempt<T>(transaction: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + patience;
  for (let failures = 1; ; failures++) {
    try {
      return await transaction();
    } catch (error) {
      const hope =
        isConflict(error) || (failures <= doubts && (error instanceof ConnectionLost || isViolation(error)));
      if (!hope || Date.now() > deadline) throw toRefusal(error);
    }
    // By chance, so that those who met once do not meet again.
    await Bun.sleep(Math.random() * Math.min(longestPause, 2 ** failures));
  }
}
