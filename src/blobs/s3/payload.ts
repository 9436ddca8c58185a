import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";

/** Bytes that are handed to the connection at once. It copies what the network does not take. */
const pieceSize = 256 * 1024;

/**
 * A request's body that is in memory, sent as a stream: handed over whole, a chunk of 10 MiB would lie in memory
 * two or three times. The client library signs streams without their content, unless it is told the hash.
 */
class Payload extends Readable {
  readonly sha256: string;
  readonly #content: Uint8Array;
  #at = 0;

  constructor(content: Uint8Array) {
    super({ highWaterMark: pieceSize });
    this.#content = content;
    this.sha256 = createHash("sha256").update(content).digest("hex");
  }

  override _read(): void {
    const piece = this.#content.subarray(this.#at, this.#at + pieceSize);
    this.#at += piece.length;
    this.push(piece.length === 0 ? null : piece);
  }
}

/** The parameters of a request for its body; made anew for each attempt, since a stream is read once. */
export function payload(content: Uint8Array): { Body: Uint8Array | Readable; ContentLength: number } {
  const Body = content.length <= pieceSize ? content : new Payload(content);
  return { Body, ContentLength: content.length };
}

/** Has the client sign the content of payloads. */
export function signPayloads(client: S3Client): S3Client {
  client.middlewareStack.add(
    (next) => (step) => {
      const { Body } = step.input as { Body?: unknown };
      const { headers } = step.request as { headers: Record<string, string> };
      if (Body instanceof Payload) headers["x-amz-content-sha256"] = Body.sha256;
      return next(step);
    },
    { step: "build", name: "signPayloads" },
  );
  return client;
}
