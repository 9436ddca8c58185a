import { BreakwaterError } from "../../kernel/index.ts";

/** Of one image. Real ones have some thousands; all are held at once, written in one transaction and read for a pull. */
const mostFindings = 100_000;

/** Counts what is found in one image. */
export class FindingsLimit {
  #left = mostFindings;

  /** Throws PRECONDITION when there are more than an image may have. */
  spend(count: number): void {
    this.#left -= count;
    if (this.#left < 0) {
      throw new BreakwaterError(
        "PRECONDITION",
        `More than ${mostFindings} vulnerabilities are known against its packages, which are too many to be told.`,
      );
    }
  }
}
