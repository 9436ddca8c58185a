import type { RedirectOptions } from "../chunked/redirect-rule.ts";

/** Where the container is, how to get at it, and how objects are kept in it. */
export interface AzureOptions {
  readonly account: string;
  /** Base64, as the portal shows it. */
  readonly accountKey: string;
  readonly container: string;
  /** URL of the account's blob service, without a slash at the end: `https://ACCOUNT.blob.core.windows.net`. */
  readonly endpoint: string;
  /** What every name begins with, without a slash at either end; empty for the whole container. */
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
