import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { BreakwaterError, fileRefusal, isUnknownAuthority, second } from "../../../kernel/index.ts";
import type { Access } from "../feed.ts";

const maxRedirects = 5;

export interface HttpRequest {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Blob | string;
}

/** How servers are reached, and for how long they are waited for. */
export interface Reach extends Pick<Access, "caBundle" | "proxy"> {
  /** Milliseconds of silence that are taken for a server's end. */
  readonly patience: number;
  readonly signal: AbortSignal;
  /** Throws for an address that is not to be asked, also when somebody redirects to it; missing where all are. */
  readonly guard?: (url: URL) => void;
}

/** An answer; `body` throws UNAVAILABLE when the server falls silent or breaks off. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly url: URL;
  body(): AsyncIterable<Uint8Array>;
  /** Up to `limit` bytes, whole. Throws UNAVAILABLE for more. */
  bytes(limit: number): Promise<Uint8Array>;
  /** Lets the body go unread. */
  discard(): Promise<void>;
}

/**
 * Asks a server, through the proxy and by the authorities that `reach` names; follows redirects, but never from
 * HTTPS to HTTP, and takes no credentials to another host. Throws UNAVAILABLE when nobody answers.
 */
export async function ask(start: URL, reach: Reach, request: HttpRequest): Promise<HttpAnswer> {
  let url = start;
  let headers = new Headers(request.headers);
  const tls = reach.caBundle === null ? {} : { tls: { ca: await authorities(reach.caBundle) } };
  for (let redirects = 0; ; redirects++) {
    reach.guard?.(url);
    const silence = new Silence(url, reach);
    const proxy = reach.proxy(url);
    const response = await silence.within(
      fetch(url, {
        method: request.method ?? "GET",
        headers,
        redirect: "manual",
        signal: silence.signal,
        ...(request.body === undefined ? {} : { body: request.body }),
        ...tls,
        // The runtime's types leave out `false`, which stands for no proxy whatever the environment says.
        ...(proxy === undefined ? {} : { proxy: proxy as string }),
      }),
    );
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      return answerOf(response, url, silence);
    }
    await answerOf(response, url, silence).discard();
    const next = URL.parse(location, url.href);
    if (next === null || redirects === maxRedirects || !mayFollow(url, next)) {
      const what = redirects === maxRedirects ? "redirects again and again" : `redirects to ${location}`;
      throw new BreakwaterError("UNAVAILABLE", `${url.origin} ${what}, where nobody is followed.`);
    }
    if (next.origin !== url.origin) headers = withoutCredentials(headers);
    url = next;
  }
}

function mayFollow(from: URL, to: URL): boolean {
  return to.protocol === "https:" || (to.protocol === "http:" && from.protocol === "http:");
}

function withoutCredentials(headers: Headers): Headers {
  const others = new Headers(headers);
  others.delete("authorization");
  return others;
}

async function authorities(file: string): Promise<string[]> {
  const own = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const { message } = fileRefusal(`The authorities in ${file} cannot be read`, cause);
    throw new BreakwaterError("UNAVAILABLE", message, { cause });
  });
  return [...rootCertificates, own];
}

function answerOf(response: Response, url: URL, silence: Silence): HttpAnswer {
  async function* body(): AsyncIterable<Uint8Array> {
    const reader = response.body?.getReader();
    if (reader === undefined) return silence.end();
    try {
      for (;;) {
        const { done, value } = await silence.within(reader.read());
        if (done) return;
        yield value;
      }
    } finally {
      silence.end();
      await reader.cancel().catch(() => {});
    }
  }
  return {
    status: response.status,
    headers: response.headers,
    url,
    body,
    async bytes(limit) {
      const pieces: Uint8Array[] = [];
      let size = 0;
      for await (const piece of body()) {
        size += piece.length;
        if (size > limit) throw new BreakwaterError("UNAVAILABLE", `${url.origin} answers too much.`);
        pieces.push(piece);
      }
      return Buffer.concat(pieces);
    },
    async discard() {
      silence.end();
      await response.body?.cancel().catch(() => {});
    },
  };
}

/** Ends a request whose server says nothing for so long, or that nobody waits for any more. */
class Silence {
  readonly #url: URL;
  readonly #patience: number;
  readonly #outer: AbortSignal;
  readonly #abort = new AbortController();
  readonly #onAbort = () => this.#abort.abort(this.#outer.reason);

  constructor(url: URL, { patience, signal }: Reach) {
    this.#url = url;
    this.#patience = patience;
    this.#outer = signal;
    signal.addEventListener("abort", this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The answer, should it come in time. What it failed with becomes a sentence. */
  async within<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
    const timer = setTimeout(
      () => this.#abort.abort(new Error(`nothing came for ${this.#patience / second} s`)),
      this.#patience,
    );
    try {
      if (signal.aborted) throw signal.reason;
      return await Promise.race([work, promise]);
    } catch (cause) {
      this.end();
      this.#abort.abort(cause);
      if (cause instanceof BreakwaterError) throw cause;
      throw new BreakwaterError("UNAVAILABLE", `${this.#url.origin} cannot be read: ${reasonOf(cause)}.`, {
        cause,
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  end(): void {
    this.#outer.removeEventListener("abort", this.#onAbort);
  }
}

/** Of a feed or of this scanner it is a key of the configuration, of a bundle an option of the command line. */
const certificateAdvice =
  "If the authority of its certificate is private, name that authority's file (ca_bundle, or --ca-bundle)";

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as NodeJS.ErrnoException;
  switch (code) {
    case "ECONNREFUSED":
      return "it refuses the connection";
    case "ECONNRESET":
      return "it broke the connection off";
    default: {
      const message = cause.message.replace(/\.$/, "").split(/\. | For more/, 1)[0] ?? "";
      return isUnknownAuthority(cause) ? `${message}. ${certificateAdvice}` : message;
    }
  }
}
