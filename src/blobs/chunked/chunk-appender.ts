import type { Appender, Writer } from "../object-store.ts";
import type { Turns } from "../turns.ts";
import { type Chunk, chunkAt } from "./chunks.ts";
import { notePassed } from "./garbage.ts";
import type { ObjectService } from "./object-service.ts";

/** Chunks of one upload on their way at once. Together with the one that fills they bound its memory. */
const maxInFlight = 2;
/** A small blob does not take a large buffer. */
const firstCapacity = 64 * 1024;

/** Appends to a staged object by chunks (`chunks.ts`): one fills while others are on their way. */
export class ChunkAppender implements Appender {
  readonly #service: ObjectService;
  readonly #turns: Turns;
  readonly #key: string;
  readonly #fence: number;
  readonly #chunkSize: number;
  /** Where the chunk that fills begins. */
  #start: number;
  #buffer: Uint8Array;
  #filled: number;
  /** The chunk that fills, as far as it was stored. */
  #stored: Chunk | null = null;
  /** How much of what fills is stored. */
  #safe: number;
  /** Buffers of chunks that are stored. New ones each time would lie about until somebody collects them. */
  readonly #spare: Uint8Array[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #failure: Error | null = null;

  /** `tail` is what is stored from `start` on, and shall be part of the first chunk. */
  constructor(
    service: ObjectService,
    turns: Turns,
    key: string,
    writer: Writer,
    start: number,
    tail: Uint8Array,
  ) {
    this.#service = service;
    this.#turns = turns;
    this.#key = key;
    this.#fence = writer.fence;
    this.#chunkSize = service.chunkSize;
    this.#start = start;
    this.#buffer = tail;
    this.#filled = tail.length;
    this.#safe = tail.length;
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== null) throw this.#failure;
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + Math.max(0, this.#chunkSize - this.#filled));
      this.#take(part);
      taken += part.length;
      if (this.#filled >= this.#chunkSize) this.#begin();
    }
    notePassed(bytes.length);
    return this.#inFlight.size < maxInFlight ? undefined : this.#settledBelow(maxInFlight);
  }

  async flush(): Promise<void> {
    if (this.#filled > this.#safe) this.#send();
    await this.#settledBelow(1);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
    this.#buffer = new Uint8Array();
    this.#spare.length = 0;
  }

  #take(part: Uint8Array): void {
    const needed = this.#filled + part.length;
    if (needed > this.#buffer.length) {
      const capacity = Math.max(needed, firstCapacity, Math.min(this.#buffer.length * 2, this.#chunkSize));
      const larger = Buffer.allocUnsafeSlow(capacity);
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
    }
    this.#buffer.set(part, this.#filled);
    this.#filled = needed;
  }

  /** Sends the full chunk away, and begins the next. */
  #begin(): void {
    const buffer = this.#buffer;
    // Also what was full from the start: of a larger chunk, another copy's, it is the part that counts.
    this.#send().then(() => this.#spare.push(buffer));
    this.#start += this.#filled;
    this.#buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#chunkSize);
    this.#filled = 0;
    this.#safe = 0;
    this.#stored = null;
  }

  #send(): Promise<void> {
    const chunk = chunkAt(this.#key, this.#start, this.#fence, this.#filled);
    const sending = this.#store(chunk, this.#buffer.subarray(0, this.#filled), this.#stored);
    this.#stored = chunk;
    this.#safe = this.#filled;
    this.#inFlight.add(sending);
    return sending.finally(() => this.#inFlight.delete(sending));
  }

  /** Never rejects: what fails is told at the next write or flush. */
  async #store(chunk: Chunk, content: Uint8Array, shorter: Chunk | null): Promise<void> {
    try {
      await this.#turns.run(() => this.#service.put(chunk.key, content));
    } catch (error) {
      this.#failure ??= error as Error;
      return;
    }
    // Of no use any more, and no harm: should this fail, it goes with the upload.
    if (shorter !== null) await this.#service.remove(shorter.key).catch(() => {});
  }

  async #settledBelow(limit: number): Promise<void> {
    while (this.#inFlight.size >= limit && this.#failure === null) await Promise.race(this.#inFlight);
    if (this.#failure !== null) throw this.#failure;
  }
}
