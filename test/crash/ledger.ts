/** What a subject may be found to be: a digest, or null for gone. */
export type State = string | null;

/** Changes under way: subjects, and what they become. */
export type Changes = ReadonlyMap<string, State>;

export interface Violation {
  readonly subject: string;
  readonly observed: State;
  readonly acceptable: readonly State[];
}

/**
 * What one client knows of what it did: a subject is a tag (`library/app:v1`) or a manifest
 * (`library/app@sha256:…`). An acknowledged change is the only state that may be found later; one without an
 * answer leaves the old and the new state possible until somebody looks.
 */
export class Ledger {
  readonly #states = new Map<string, Set<State>>();
  /** Seen to be gone, and not touched since. */
  readonly #gone = new Set<string>();
  acknowledged = 0;
  verified = 0;

  begin(changes: Changes): { acknowledge(): void; refuse(): void } {
    const before = new Map<string, ReadonlySet<State>>();
    for (const [subject, state] of changes) {
      const possible = this.#states.get(subject) ?? new Set([null]);
      before.set(subject, new Set(possible));
      this.#gone.delete(subject);
      this.#states.set(subject, possible.add(state));
    }
    return {
      acknowledge: () => {
        this.acknowledged++;
        for (const [subject, state] of changes) this.#states.set(subject, new Set([state]));
      },
      refuse: () => {
        for (const [subject, states] of before) this.#states.set(subject, new Set(states));
      },
    };
  }

  /** Subjects whose last change had no answer. */
  get open(): ReadonlySet<string> {
    return new Set([...this.#states].filter(([, states]) => states.size > 1).map(([subject]) => subject));
  }

  /** The subjects that are surely there, with their digests. */
  *present(): Iterable<readonly [subject: string, digest: string]> {
    for (const [subject, states] of this.#states) {
      const [state] = states;
      if (states.size === 1 && typeof state === "string") yield [subject, state];
    }
  }

  /**
   * Looks at every subject; at what was seen to be gone before only when told to look `again`. What was found is
   * the only state from then on.
   */
  async verify(observe: (subject: string) => Promise<State>, again = false): Promise<Violation[]> {
    const violations: Violation[] = [];
    for (const [subject, states] of this.#states) {
      if (this.#gone.has(subject) && !again) continue;
      this.verified++;
      const observed = await observe(subject);
      if (!states.has(observed)) violations.push({ subject, observed, acceptable: [...states] });
      this.#states.set(subject, new Set([observed]));
      if (observed === null) this.#gone.add(subject);
    }
    return violations;
  }
}
