import { setImmediate } from "node:timers/promises";

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
