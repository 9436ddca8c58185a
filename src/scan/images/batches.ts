import { setImmediate } from "node:timers/promises";

/** Rows of one statement: the engines limit its parameters. */
export const rowsPerStatement = 500;

export function* batches<T>(items: readonly T[], size = rowsPerStatement): Iterable<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}

/** Milliseconds of work after which others are let in. */
const slice = 15;

/** For long work on this thread: awaited now and then, it lets requests be answered. */
export class Courtesy {
  #since = performance.now();

  get due(): boolean {
    return performance.now() - this.#since > slice;
  }

  async pause(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
