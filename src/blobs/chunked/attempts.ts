/** Milliseconds until a request without an answer is given up, by what it asks of the service. */
export const limits = { small: 10_000, part: 60_000 } as const;
/** Bytes in a millisecond, some 16 MB/s, that a service copies at the least. */
const slowestCopy = 16_000;
/** Milliseconds between attempts: doubled each time, up to the second. */
const pauses = { first: 100, longest: 4_000 } as const;
/** A request that took its time and then failed is tried again all the same. */
const leastAttempts = 3;
/** Milliseconds for all attempts of a request together. */
const defaultPatience = 45_000;

/** The limit for a request that carries so many bytes. */
export function limitFor(bytes: number): number {
  return bytes > 1024 * 1024 ? limits.part : limits.small;
}

/**
 * The limit for bytes that the service itself puts in another place. It grows with them: whoever waits for a small
 * layer shall not wait minutes for an answer that was lost.
 */
export function copyLimitFor(bytes: number): number {
  return limits.small + Math.ceil(bytes / slowestCopy);
}

export interface AttemptOptions {
  /** Milliseconds for which a request that fails is tried again. */
  readonly patience: number | undefined;
  /** True for a failure that may not be there at the next attempt. */
  isTransient(error: unknown): boolean;
  /** What is thrown when the time has run out. */
  unavailable(error: unknown): Error;
}

type Work<T> = (signal: { abortSignal: AbortSignal }) => Promise<T>;

/** The one way in which requests to a service are limited and repeated. */
export class Attempts {
  readonly #options: AttemptOptions;

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  /** Does `work`, again for as long as it fails in a way that passes. What does not pass is thrown as it is. */
  run<T>(
    work: Work<T>,
    limit: number = limits.small,
    patience: number = this.#options.patience ?? defaultPatience,
  ): Promise<T> {
    return this.#repeat(work, limit, Date.now() + patience, Number.POSITIVE_INFINITY);
  }

  /**
   * As `run` for a small request, of which nothing is sent any more once `time`, where it is given, is over: who asks
   * for it then may have lost what gave them the right to.
   */
  within<T>(time: number | undefined, work: Work<T>): Promise<T> {
    if (time === undefined) return this.run(work);
    const end = Date.now() + time;
    return this.#repeat(work, limits.small, end, end);
  }

  async #repeat<T>(work: Work<T>, limit: number, deadline: number, end: number): Promise<T> {
    let failure: unknown = new Error("There is no time left for it.");
    let pause: number = pauses.first;
    for (let attempts = 1; ; attempts++) {
      const left = end - Date.now();
      if (left <= 0) throw this.#options.unavailable(failure);
      try {
        return await work({ abortSignal: AbortSignal.timeout(Math.min(limit, left)) });
      } catch (error) {
        if (!this.#options.isTransient(error)) throw error;
        if (Date.now() + pause > deadline && attempts >= leastAttempts)
          throw this.#options.unavailable(error);
        failure = error;
      }
      // Not in step with the others that the same trouble has met.
      await Bun.sleep(pause * (0.5 + Math.random() / 2));
      pause = Math.min(pause * 2, pauses.longest);
    }
  }
}

/**
 * What `open` answers, whose bytes come after it: the limit ends with the answer's head, and how long the rest takes is
 * for who reads it.
 */
export async function headWithin<T>(
  limit: AbortSignal,
  open: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const request = new AbortController();
  const giveUp = () => request.abort(limit.reason);
  limit.addEventListener("abort", giveUp);
  try {
    return await open(request.signal);
  } catch (error) {
    // The bytes of an answer that nobody reads would keep its connection for ever.
    request.abort(error);
    throw error;
  } finally {
    limit.removeEventListener("abort", giveUp);
  }
}

/**
 * Of an answer, a part that the service never leaves out: something on the way may answer 200 by itself, and nothing
 * has happened.
 */
export function expectGiven<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("The answer is not the storage's");
  return part;
}
