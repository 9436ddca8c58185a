/**
 * Texts that others are to begin with, in order and without those that begin with another of them: so the one that
 * a text begins with, where there is any, is the last that does not sort behind it.
 */
export class Prefixes {
  /** Every text begins with it. */
  static readonly all = new Prefixes([""]);

  readonly #sorted: readonly string[];

  constructor(prefixes: readonly string[]) {
    const sorted: string[] = [];
    for (const prefix of prefixes.toSorted()) {
      const last = sorted.at(-1);
      if (last === undefined || !prefix.startsWith(last)) sorted.push(prefix);
    }
    this.#sorted = sorted;
  }

  get isAll(): boolean {
    return this.#sorted[0] === "";
  }

  /** True when `text` begins with one of them. */
  cover(text: string): boolean {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? "") <= text) low = middle + 1;
      else high = middle;
    }
    const last = this.#sorted[low - 1];
    return last !== undefined && text.startsWith(last);
  }
}
