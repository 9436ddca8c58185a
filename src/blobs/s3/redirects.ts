import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type RedirectOptions, RedirectRule, redirectHeaders } from "../chunked/redirect-rule.ts";
import type { Bucket } from "./bucket.ts";
import { createClient } from "./client.ts";

/** Signs the URLs with which clients fetch from the bucket by themselves. */
export class Redirects {
  readonly #bucket: Bucket;
  readonly #signer: ReturnType<typeof createClient>;
  readonly #lifetime: number;
  readonly #rule: RedirectRule;

  constructor(bucket: Bucket, redirect: RedirectOptions) {
    this.#bucket = bucket;
    // The host's name is signed with the rest: the URL must be made for the name that the client uses.
    this.#signer = createClient(bucket.options, 1, redirect.endpoint ?? bucket.options.endpoint);
    this.#lifetime = redirect.lifetime;
    this.#rule = new RedirectRule(redirect);
  }

  urlFor(key: string, clientAddress: string): Promise<string> | null {
    if (!this.#rule.concerns(clientAddress)) return null;
    const command = new GetObjectCommand({
      ...this.#bucket.object(key),
      ResponseContentType: redirectHeaders.contentType,
      ResponseContentDisposition: redirectHeaders.contentDisposition,
      ResponseCacheControl: redirectHeaders.cacheControl,
    });
    return getSignedUrl(this.#signer, command, { expiresIn: this.#lifetime });
  }
}
