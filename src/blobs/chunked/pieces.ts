import { Readable } from "node:stream";

/** Bytes that are handed to the connection at once. It copies what the network does not take. */
export const pieceSize = 256 * 1024;

/**
 * A request's body that is in memory, sent as a stream: handed over whole, a chunk of 10 MiB would lie in memory
 * two or three times.
 */
export class Pieces extends Readable {
  readonly #content: Uint8Array;
  #at = 0;

  constructor(content: Uint8Array) {
    super({ highWaterMark: pieceSize });
    this.#content = content;
  }

  override _read(): void {
    const piece = this.#content.subarray(this.#at, this.#at + pieceSize);
    this.#at += piece.length;
    this.push(piece.length === 0 ? null : piece);
  }
}
