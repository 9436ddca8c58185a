import { Networks } from "../../kernel/index.ts";

/** Which clients are sent to the service, and how. */
export interface RedirectOptions {
  /** The service's URL as those clients reach it; null for the one that this program uses. */
  readonly endpoint: string | null;
  /** Networks as CIDR; empty for all. */
  readonly networks: readonly string[];
  /** Networks for which bytes are streamed all the same. */
  readonly except: readonly string[];
  /** Seconds for which a URL is good. */
  readonly lifetime: number;
}

/** Decides which clients fetch from the service by themselves. */
export class RedirectRule {
  readonly #networks: Networks | null;
  readonly #except: Networks;

  constructor({ networks, except }: RedirectOptions) {
    this.#networks = networks.length === 0 ? null : new Networks(networks);
    this.#except = new Networks(except);
  }

  concerns(clientAddress: string): boolean {
    if (this.#except.contains(clientAddress)) return false;
    return this.#networks === null || this.#networks.contains(clientAddress);
  }
}

/** What a client is told with the bytes: whatever a blob claims to be, a browser shall not show it. */
export const redirectHeaders = {
  contentType: "application/octet-stream",
  contentDisposition: "attachment",
  cacheControl: "private, max-age=31536000",
} as const;
