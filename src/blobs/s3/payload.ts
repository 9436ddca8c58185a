import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { Pieces, pieceSize } from "../chunked/pieces.ts";

/** The client library signs streams without their content, unless it is told the hash. */
class Payload extends Pieces {
  readonly sha256: string;

  constructor(content: Uint8Array) {
    super(content);
    this.sha256 = createHash("sha256").update(content).digest("hex");
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
