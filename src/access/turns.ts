import { BreakwaterError } from "../kernel/index.ts";

/** Lets a few run at a time and some wait; refuses the rest, so that a flood cannot queue without bound. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #patience: number;
  #free: number;

  /** `slots` may run at once, `patience` may wait. */
  constructor(slots: number, patience: number) {
    this.#free = slots;
    this.#patience = patience;
  }

  /** Runs `work` when its turn has come; throws TOOMANYREQUESTS when too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#take();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  async #take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    if (this.#waiting.length >= this.#patience) {
      throw new BreakwaterError("TOOMANYREQUESTS", "Too many are logging in at this moment; try again.", {
        detail: { retryAfter: 1 },
      });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }
}
