import type { Database } from "../../db/index.ts";
import { type Clock, isRefusal, minute, second } from "../../kernel/index.ts";
import { type AssessOptions, assess } from "./assess.ts";
import type { Orders, TakenOrder } from "./orders.ts";
import { inspectRemote, longestOrder, type RemoteOptions } from "./remote-image.ts";

const lookEvery = second;
const renewEvery = 15 * second;

export interface OrderWorkerOptions extends RemoteOptions, Pick<AssessOptions, "maxAge"> {
  readonly database: Database;
  readonly orders: Orders;
  readonly clock: Clock;
  readonly current: () => AssessOptions["known"];
  /** Told of failures that are none of the image's or the registry's. */
  readonly onError: (error: unknown, order: string | null) => void;
}

/** Looks at what other registries ask about, one image at a time. */
export class OrderWorker {
  readonly #options: OrderWorkerOptions;
  readonly #holder = crypto.randomUUID();
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(options: OrderWorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#working = this.#work().finally(() => {
        if (!this.#stopping.signal.aborted) this.start();
      });
    }, lookEvery);
  }

  /** Resolves when what was under way has been given back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#working;
  }

  async #work(): Promise<void> {
    const { orders, onError } = this.#options;
    try {
      while (!this.#stopping.signal.aborted) {
        const order = await orders.take(this.#holder);
        if (order === null) return;
        await this.#fulfil(order);
      }
    } catch (error) {
      onError(error, null);
    }
  }

  async #fulfil(order: TakenOrder): Promise<void> {
    const { database, orders, clock, current, maxAge, onError } = this.#options;
    const lost = new AbortController();
    const renewal = setInterval(() => {
      orders.renew(order.id, this.#holder).then(
        (held) => held || lost.abort(),
        () => {},
      );
    }, renewEvery);
    const signal = AbortSignal.any([lost.signal, this.#stopping.signal]);
    try {
      const inventory = await inspectRemote(this.#options, order, signal);
      const at = clock();
      const found = await assess(inventory, { read: database.read, known: current(), now: at, maxAge });
      const { origin, repository, digest } = order;
      await orders.finish(order.id, this.#holder, {
        order: { origin, repository, digest },
        at,
        inventory,
        ...found,
      });
    } catch (error) {
      if (this.#stopping.signal.aborted) return orders.release(order.id, this.#holder);
      if (lost.signal.aborted) return;
      const sentence = sentenceOf(error);
      if (sentence === null) onError(error, order.id);
      await orders.fail(order.id, this.#holder, sentence ?? "The scanner failed; its log tells more.");
    } finally {
      clearInterval(renewal);
    }
  }
}

function sentenceOf(error: unknown): string | null {
  if (isRefusal(error)) return error.message;
  const timedOut = error instanceof DOMException && error.name === "TimeoutError";
  return timedOut ? `The image could not be read within ${longestOrder / minute} minutes.` : null;
}
