import type { RedirectOptions } from "../chunked/redirect-rule.ts";

/** Where the bucket is, how to get at it, and how objects are kept in it. */
export interface GcsOptions {
  readonly bucket: string;
  /** The service's URL, without a slash at the end: `https://storage.googleapis.com`. */
  readonly endpoint: string;
  /** A service account's key, as Google gives it out in JSON; null: from the environment or the machine's metadata. */
  readonly key: { readonly file: string } | { readonly json: string } | null;
  /** What every name begins with, without a slash at either end; empty for the whole bucket. */
  readonly rootDirectory: string;
  /** A file with authorities to trust besides the system's, in PEM form. */
  readonly caBundle: string | null;
  /** Bytes of an upload that are gathered in memory before they are sent. */
  readonly chunkSize: number;
  /** Null: all bytes go through this program. */
  readonly redirect: RedirectOptions | null;
  /** Milliseconds for which a request that fails is tried again. */
  readonly patience?: number;
}
