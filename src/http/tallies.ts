/**
 * What is counted of requests, by three of their labels. A map in a map in a map: to make one key of the three costs
 * more than the rest of the counting.
 */
export class Tallies<T> {
  readonly #first = new Map<string, Map<string, Map<number, T>>>();
  readonly #make: (first: string, method: string, status: number) => T;

  constructor(make: (first: string, method: string, status: number) => T) {
    this.#make = make;
  }

  /** The one for these labels, new where there was none. */
  of(first: string, method: string, status: number): T {
    return this.#first.get(first)?.get(method)?.get(status) ?? this.#add(first, method, status);
  }

  *values(): Iterable<T> {
    for (const methods of this.#first.values())
      for (const statuses of methods.values()) yield* statuses.values();
  }

  #add(first: string, method: string, status: number): T {
    const methods = this.#first.get(first) ?? new Map<string, Map<number, T>>();
    const statuses = methods.get(method) ?? new Map<number, T>();
    const made = this.#make(first, method, status);
    this.#first.set(first, methods.set(method, statuses.set(status, made)));
    return made;
  }
}
