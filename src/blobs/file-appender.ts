import { close, fdatasync, write } from "node:fs";
import type { Appender } from "./object-store.ts";
import { storageError } from "./storage-error.ts";

/** Chunks arrive in TLS records of up to 16 KiB; the disk is asked once per block. */
const blockSize = 512 * 1024;
/** Blocks being written at once. Together with the block that fills they bound an upload's memory. */
const maxInFlight = 8;
/** How much may wait for the disk: syncing on the way keeps the last sync, and so the answer, short. */
const syncEvery = 32 * 1024 * 1024;

/** Appends to a file by positioned writes on the thread pool, while the next block fills. */
export class FileAppender implements Appender {
  readonly #fd: number;
  #position: number;
  #block: Buffer = Buffer.allocUnsafe(blockSize);
  #filled = 0;
  readonly #spare: Buffer[] = [];
  #inFlight = 0;
  #unsynced = 0;
  #syncing = false;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(fd: number, position: number) {
    this.#fd = fd;
    this.#position = position;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== null) throw this.#failure;
    for (let taken = 0; taken < chunk.length; ) {
      const part = chunk.subarray(taken, taken + blockSize - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === blockSize) this.#send();
    }
    return this.#inFlight < maxInFlight ? undefined : this.#settledBelow(maxInFlight);
  }

  async flush(): Promise<void> {
    if (this.#filled > 0) this.#send();
    await this.#settledBelow(1);
    await new Promise<void>((resolve, reject) =>
      fdatasync(this.#fd, (error) => (error ? reject(storageError(error)) : resolve())),
    );
  }

  async close(): Promise<void> {
    // The descriptor's number is given out again at once: nothing may be under way on it.
    while (this.#inFlight > 0 || this.#syncing) await this.#woken();
    await new Promise<void>((resolve) => close(this.#fd, () => resolve()));
  }

  #send(): void {
    const block = this.#block;
    const length = this.#filled;
    const position = this.#position;
    this.#position += length;
    this.#filled = 0;
    this.#block = this.#spare.pop() ?? Buffer.allocUnsafe(blockSize);
    this.#writeAll(block, 0, length, position);
    this.#inFlight++;
  }

  #writeAll(block: Buffer, from: number, length: number, position: number): void {
    write(this.#fd, block, from, length - from, position, (error, written) => {
      if (!error && from + written < length) {
        this.#writeAll(block, from + written, length, position + written);
        return;
      }
      if (error) this.#failure ??= storageError(error);
      this.#inFlight--;
      this.#spare.push(block);
      this.#unsynced += length;
      this.#syncInBackground();
      this.#notify();
    });
  }

  #syncInBackground(): void {
    if (this.#syncing || this.#unsynced < syncEvery) return;
    this.#syncing = true;
    this.#unsynced = 0;
    fdatasync(this.#fd, (error) => {
      if (error) this.#failure ??= storageError(error);
      this.#syncing = false;
      this.#notify();
    });
  }

  async #settledBelow(limit: number): Promise<void> {
    while (this.#inFlight >= limit && this.#failure === null) await this.#woken();
    if (this.#failure !== null) throw this.#failure;
  }

  #woken(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#wake;
    this.#wake = () => {
      before?.();
      resolve();
    };
    return promise;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
