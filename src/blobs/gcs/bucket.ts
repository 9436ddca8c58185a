import { Attempts } from "../chunked/attempts.ts";
import { Api } from "./api.ts";
import { isTransient, unavailable } from "./errors.ts";
import type { Identity } from "./identity.ts";
import type { GcsOptions } from "./options.ts";

/** A bucket, and the one way in which requests to it are limited, repeated and refused. */
export class Bucket {
  readonly options: GcsOptions;
  readonly api: Api;
  readonly attempts: Attempts;
  readonly #prefix: string;

  constructor(options: GcsOptions, identity: Identity) {
    this.options = options;
    this.api = new Api(options, identity);
    this.attempts = new Attempts({ patience: options.patience, isTransient, unavailable });
    this.#prefix = options.rootDirectory === "" ? "" : `${options.rootDirectory}/`;
  }

  /** A key of the store's as it is in the bucket. */
  name(key: string): string {
    return this.#prefix + key;
  }

  /** And back. */
  keyOf(name: string): string {
    return name.slice(this.#prefix.length);
  }

  /** The path of the bucket's objects in the API; that of uploads begins differently. */
  get objects(): string {
    return `/storage/v1/b/${encodeURIComponent(this.options.bucket)}/o`;
  }

  /** An object's path in the API. */
  path(key: string): string {
    return `${this.objects}/${encodeURIComponent(this.name(key))}`;
  }
}
