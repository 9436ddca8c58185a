import type { Advisory } from "./advisory.ts";
import { familyOf } from "./ecosystems/ecosystems.ts";

/** What a feed has told of one ecosystem. */
export interface Tally {
  records: number;
  asOf: number | null;
}

/** Counts what a feed tells, by ecosystem. */
export class Tallies {
  readonly #tallies = new Map<string, Tally>();
  /** Families of ecosystems of which the feed has a record that is about nothing else. */
  readonly #own = new Set<string>();
  readonly #fetchedAt: number;
  asOf: number | null = null;
  records = 0;
  unreadable = 0;

  constructor(fetchedAt: number) {
    this.#fetchedAt = fetchedAt;
  }

  group(ecosystem: string): void {
    this.#tally(ecosystem);
    this.#own.add(familyOf(ecosystem));
  }

  add({ affected, modifiedAt }: Advisory): void {
    this.records++;
    const time = believable(modifiedAt, this.#fetchedAt);
    this.asOf = later(this.asOf, time);
    const ecosystems = new Set(affected.map(({ ecosystem }) => ecosystem));
    for (const ecosystem of ecosystems) {
      const tally = this.#tally(ecosystem);
      tally.records++;
      tally.asOf = later(tally.asOf, time);
    }
    const families = new Set(Array.from(ecosystems, familyOf));
    if (families.size === 1) for (const family of families) this.#own.add(family);
  }

  /**
   * The ecosystems that the feed covers. OSV's archive of Maven has records that are about npm too; that is not all
   * there is to know of npm, and who has only this feed must not take it for that.
   */
  groups(): readonly (readonly [string, Tally])[] {
    const all = [...this.#tallies];
    const own = all.filter(([ecosystem]) => this.#own.has(familyOf(ecosystem)));
    return (own.length > 0 ? own : all).toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  #tally(ecosystem: string): Tally {
    const known = this.#tallies.get(ecosystem);
    if (known !== undefined) return known;
    const tally: Tally = { records: 0, asOf: null };
    this.#tallies.set(ecosystem, tally);
    return tally;
  }
}

export function later(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

/** Null for a time that had not come yet: the feed would be fresh until then, whatever happens to it. */
export function believable(time: number | null, fetchedAt: number): number | null {
  return time !== null && time > fetchedAt ? null : time;
}
