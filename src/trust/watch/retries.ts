import { type Clock, hour, Lru, second } from "../../kernel/index.ts";

interface Retry {
  readonly failures: number;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
}

const first = 2 * second;
const longest = hour;
/** Notes that are remembered to have failed. */
const remembered = 10_000;

/** When what failed may be tried again: each time after twice as long a pause. */
export class Retries {
  readonly #clock: Clock;
  readonly #known = new Lru<number, Retry>(remembered);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isDue(id: number): boolean {
    return (this.#known.get(id)?.notBefore ?? 0) <= this.#clock();
  }

  failed(id: number): void {
    const failures = (this.#known.get(id)?.failures ?? 0) + 1;
    const pause = Math.min(first * 2 ** (failures - 1), longest);
    this.#known.set(id, { failures, notBefore: this.#clock() + pause });
  }
}
