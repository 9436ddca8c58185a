import type { RedirectOptions } from "../chunked/redirect-rule.ts";

/** Where the bucket is, how to get at it, and how objects are to be kept in it. */
export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** URL of a service other than Amazon's; null for Amazon's own in the region. */
  readonly endpoint: string | null;
  /** The bucket's name in the path instead of in the host's name. */
  readonly forcePathStyle: boolean;
  /** Null: from the environment, the shared files, or the instance's or container's metadata. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  } | null;
  /** What every key begins with, without a slash at either end; empty for the whole bucket. */
  readonly rootDirectory: string;
  readonly accelerate: boolean;
  readonly dualStack: boolean;
  /** A file with authorities to trust besides the system's, in PEM form. */
  readonly caBundle: string | null;
  /** Takes any certificate. */
  readonly skipVerify: boolean;
  /** Bytes of an upload that are gathered in memory before they are sent; 5 MiB at least. */
  readonly chunkSize: number;
  /** Parts of one object that the service is asked to copy at once. */
  readonly copyConcurrency: number;
  readonly encryption: { readonly kmsKey: string | null } | null;
  readonly storageClass: string | null;
  readonly acl: string | null;
  readonly userAgent: string | null;
  /** Null: all bytes go through this program. */
  readonly redirect: RedirectOptions | null;
  /** Milliseconds for which a request that fails is tried again. */
  readonly patience?: number;
}
