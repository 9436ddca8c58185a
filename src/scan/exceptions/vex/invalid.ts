import { z } from "zod";
import { BreakwaterError } from "../../../kernel/index.ts";

/** What a document may hold: no honest one comes near. */
export const limits = {
  bytes: 4 * 1024 * 1024,
  statements: 20_000,
  products: 100_000,
  nodes: 200_000,
} as const;

/** A name or an identifier. Not every engine stores control characters. */
export const text = z
  .string()
  .max(1024)
  .regex(/^\P{Cc}*$/u, "has control characters");

export function invalidVex(why: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError("BAD_REQUEST", `The VEX document cannot be used: ${why}.`, { cause });
}

/** Counts what a document holds; throws BAD_REQUEST once that is too much. */
export class Budget {
  #left: number;
  readonly #what: string;

  constructor(most: number, what: string) {
    this.#left = most;
    this.#what = what;
  }

  spend(count = 1): void {
    this.#left -= count;
    if (this.#left < 0) throw invalidVex(`it has too many ${this.#what}`);
  }
}

/** Milliseconds since 1970 of a time as RFC 3339 writes it. Throws BAD_REQUEST. */
export function timeOf(text: string): number {
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw invalidVex(`"${text.slice(0, 40)}" is not a time`);
  return time;
}
