import { CompiledQuery, type Kysely, type Transaction } from "kysely";

/** A commit waits for at most so many pieces of work, and for no more once so many milliseconds have passed. */
const mostWorks = 64;
const longest = 20;

const savepoint = CompiledQuery.raw("savepoint work");
const undo = CompiledQuery.raw("rollback to work");
const release = CompiledQuery.raw("release work");

interface Waiting<S> {
  readonly work: (tx: Transaction<S>) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One writer's transactions, in turn. Those that come while another is under way share its commit, since what a
 * commit costs is the sync of the disk. Each is undone by itself when it fails, and none is answered before what it
 * has seen of the others is on stable storage.
 */
export class GroupCommit<S> {
  readonly #kysely: Kysely<S>;
  readonly #waiting: Waiting<S>[] = [];
  #running = false;

  constructor(kysely: Kysely<S>) {
    this.#kysely = kysely;
  }

  write<T>(work: (tx: Transaction<S>) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.push({ work, resolve, reject });
    if (!this.#running) {
      this.#running = true;
      // What came to the process together shall be written together.
      setImmediate(() => void this.#run());
    }
    return promise as Promise<T>;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const answers: (() => void)[] = [];
      const taken: Waiting<S>[] = [];
      try {
        await this.#kysely.transaction().execute((tx) => this.#group(tx, taken, answers));
        for (const answer of answers) answer();
      } catch (error) {
        // Nothing was taken when the file's lock was not to be had: that fails who has waited longest.
        for (const { reject } of taken.length > 0 ? taken : this.#waiting.splice(0, 1)) reject(error);
      }
    }
    this.#running = false;
  }

  async #group(tx: Transaction<S>, taken: Waiting<S>[], answers: (() => void)[]): Promise<void> {
    const until = performance.now() + longest;
    do {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      taken.push(next);
      // The first is alone so far: when it fails, the transaction itself is undone.
      answers.push(taken.length === 1 ? await this.#alone(tx, next) : await this.#beside(tx, next));
    } while (taken.length < mostWorks && performance.now() < until);
  }

  async #alone(tx: Transaction<S>, { work, resolve }: Waiting<S>): Promise<() => void> {
    const value = await work(tx);
    return () => resolve(value);
  }

  async #beside(tx: Transaction<S>, waiting: Waiting<S>): Promise<() => void> {
    await tx.executeQuery(savepoint);
    let answer: () => void;
    try {
      answer = await this.#alone(tx, waiting);
    } catch (error) {
      answer = () => waiting.reject(error);
      // The engine itself ends a transaction when its disk is full or fails: then that fails all of them.
      await tx.executeQuery(undo).catch(() => {
        throw error;
      });
    }
    await tx.executeQuery(release);
    return answer;
  }
}
