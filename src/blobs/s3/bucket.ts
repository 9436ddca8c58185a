import type { S3Client } from "@aws-sdk/client-s3";
import { createClient } from "./client.ts";
import { isTransient, unavailable } from "./errors.ts";
import type { S3Options } from "./options.ts";

/** Connections for all but downloads, which each hold one for as long as their client takes. */
const connections = 64;
const downloadConnections = 1024;
/** Milliseconds until a request without an answer is given up, by what it asks of the service. */
export const limits = { small: 10_000, part: 60_000, copy: 300_000 } as const;
/** Milliseconds between attempts: doubled each time, up to the second. */
const pauses = [100, 4_000] as const;
/** A request that took its time and then failed is tried again all the same. */
const leastAttempts = 3;

/**
 * Of an answer, a part that S3 never leaves out: something on the way may answer 200 by itself, and nothing has
 * happened.
 */
export function expectFromS3(part: string | undefined): string {
  if (part === undefined) throw new Error("The answer is not S3's");
  return part;
}

/** A bucket, its clients, and the one way in which requests to it are limited, repeated and refused. */
export class Bucket {
  readonly options: S3Options;
  readonly name: string;
  readonly client: S3Client;
  readonly downloads: S3Client;
  readonly #prefix: string;
  readonly #patience: number;

  constructor(options: S3Options) {
    this.options = options;
    this.name = options.bucket;
    this.client = createClient(options, connections);
    this.downloads = createClient(options, downloadConnections);
    this.#prefix = options.rootDirectory === "" ? "" : `${options.rootDirectory}/`;
    this.#patience = options.patience ?? 45_000;
  }

  /** A key of the store's as it is in the bucket. */
  path(key: string): string {
    return this.#prefix + key;
  }

  /** And back. */
  keyOf(path: string): string {
    return path.slice(this.#prefix.length);
  }

  /** The parameters that say which object is meant. */
  object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.name, Key: this.path(key) };
  }

  /**
   * Does `work`, again for as long as it fails in a way that passes. What does not pass is thrown as it is;
   * when the time has run out, UNAVAILABLE.
   */
  async attempt<T>(
    work: (signal: { abortSignal: AbortSignal }) => Promise<T>,
    limit: number = limits.small,
    patience: number = this.#patience,
  ): Promise<T> {
    const deadline = Date.now() + patience;
    let [pause] = [pauses[0] as number];
    for (let attempts = 1; ; attempts++) {
      try {
        return await work({ abortSignal: AbortSignal.timeout(limit) });
      } catch (error) {
        if (!isTransient(error)) throw error;
        if (Date.now() + pause > deadline && attempts >= leastAttempts) throw unavailable(error);
      }
      // Not in step with the others that the same trouble has met.
      await Bun.sleep(pause * (0.5 + Math.random() / 2));
      pause = Math.min(pause * 2, pauses[1]);
    }
  }
}
