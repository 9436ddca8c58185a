import type { S3Client } from "@aws-sdk/client-s3";
import { Attempts } from "../chunked/attempts.ts";
import { createClient } from "./client.ts";
import { isTransient, unavailable } from "./errors.ts";
import type { S3Options } from "./options.ts";

/** Connections for all but downloads, which each hold one for as long as their client takes. */
const connections = 64;
const downloadConnections = 1024;

/** A bucket, its clients, and the one way in which requests to it are limited, repeated and refused. */
export class Bucket {
  readonly options: S3Options;
  readonly name: string;
  readonly client: S3Client;
  readonly downloads: S3Client;
  readonly #prefix: string;
  readonly #attempts: Attempts;

  constructor(options: S3Options) {
    this.options = options;
    this.name = options.bucket;
    this.client = createClient(options, connections);
    this.downloads = createClient(options, downloadConnections);
    this.#prefix = options.rootDirectory === "" ? "" : `${options.rootDirectory}/`;
    this.#attempts = new Attempts({ patience: options.patience, isTransient, unavailable });
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

  /** As `Attempts.run`. */
  attempt<T>(
    work: (signal: { abortSignal: AbortSignal }) => Promise<T>,
    limit?: number,
    patience?: number,
  ): Promise<T> {
    return this.#attempts.run(work, limit, patience);
  }

  /** As `Attempts.within`. */
  attemptWithin<T>(
    time: number | undefined,
    work: (signal: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    return this.#attempts.within(time, work);
  }
}
