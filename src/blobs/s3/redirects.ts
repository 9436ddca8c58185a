import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { Networks } from "../../kernel/index.ts";
import type { Bucket } from "./bucket.ts";
import { createClient } from "./client.ts";
import type { RedirectOptions } from "./options.ts";

/** Decides which clients fetch from the bucket by themselves, and signs the URLs with which they do. */
export class Redirects {
  readonly #bucket: Bucket;
  readonly #signer: ReturnType<typeof createClient>;
  readonly #lifetime: number;
  readonly #networks: Networks | null;
  readonly #except: Networks;

  constructor(bucket: Bucket, { endpoint, networks, except, lifetime }: RedirectOptions) {
    this.#bucket = bucket;
    // The host's name is signed with the rest: the URL must be made for the name that the client uses.
    this.#signer = createClient(bucket.options, 1, endpoint ?? bucket.options.endpoint);
    this.#lifetime = lifetime;
    this.#networks = networks.length === 0 ? null : new Networks(networks);
    this.#except = new Networks(except);
  }

  urlFor(key: string, clientAddress: string): Promise<string> | null {
    if (this.#except.contains(clientAddress)) return null;
    if (this.#networks !== null && !this.#networks.contains(clientAddress)) return null;
    const command = new GetObjectCommand({
      ...this.#bucket.object(key),
      ResponseContentType: "application/octet-stream",
      ResponseContentDisposition: "attachment",
      ResponseCacheControl: "private, max-age=31536000",
    });
    return getSignedUrl(this.#signer, command, { expiresIn: this.#lifetime });
  }
}
