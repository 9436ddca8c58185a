import { isUnknownAuthority, type ProxyChoice, second } from "../../../kernel/index.ts";
import { AdapterError } from "./adapter-error.ts";

export interface AdapterRequest {
  /** What people know the scanner by. */
  readonly scanner: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly skipCertVerify: boolean;
  readonly proxy: ProxyChoice;
  /** Bytes of the answer. */
  readonly limit: number;
  /** Ends the request from outside. */
  readonly signal?: AbortSignal;
}

export interface AdapterAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** How long an adapter may be silent: before its answer begins, and within it. */
const patience = 5 * second;
/** How long an answer may take in all; one of 32 MiB needs it on a slow line. */
const longest = 60 * second;

/**
 * One request to an adapter. Redirects are answers, never followed: the 302 of a pending report points to itself, and
 * any other could point into a network that only this server reaches. What the answer says its type is, is not looked
 * at: not every adapter sends it. Throws AdapterError.
 */
export async function send(request: AdapterRequest): Promise<AdapterAnswer> {
  const { scanner, method, url, headers, body, skipCertVerify, proxy, limit, signal } = request;
  const abort = new AbortController();
  const give = (message: string) => () => abort.abort(new AdapterError(message, { passing: true }));
  let silence = setTimeout(give(`The scanner "${scanner}" was silent for ${patience / second} s.`), patience);
  const end = setTimeout(
    give(`The scanner "${scanner}" took longer than ${longest / second} s for its answer.`),
    longest,
  );
  const signals = signal === undefined ? [abort.signal] : [abort.signal, signal];
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: "manual",
      signal: AbortSignal.any(signals),
      ...(body === undefined ? {} : { body }),
      // The runtime's types leave out `false`, which stands for no proxy whatever the environment says.
      ...(proxy === undefined ? {} : { proxy: proxy as string }),
      ...(skipCertVerify ? { tls: { rejectUnauthorized: false } } : {}),
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      clearTimeout(silence);
      silence = setTimeout(give(`The scanner "${scanner}" was silent for ${patience / second} s.`), patience);
      size += chunk.length;
      if (size > limit) {
        abort.abort();
        throw new AdapterError(`The answer of the scanner "${scanner}" is longer than ${limit} bytes.`);
      }
      chunks.push(chunk);
    }
    return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) };
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const reason = abort.signal.aborted ? abort.signal.reason : cause;
    if (reason instanceof AdapterError) throw reason;
    if (cause instanceof AdapterError) throw cause;
    throw new AdapterError(`The scanner "${scanner}" cannot be reached (${describe(cause)}).`, {
      cause,
      passing: true,
      details: `It was asked at ${new URL(url).host}.${adviceOn(cause)}`,
    });
  } finally {
    clearTimeout(silence);
    clearTimeout(end);
  }
}

function adviceOn(cause: unknown): string {
  if (!isUnknownAuthority(cause)) return "";
  return " If its authority is private, name that in the server's variable NODE_EXTRA_CA_CERTS, or register the scanner with skip_certVerify.";
}

/** The runtime's code, which people can look up; its messages may hold the whole URL. */
function describe(cause: unknown): string {
  const { code, name } = (cause ?? {}) as { code?: unknown; name?: unknown };
  return String(code ?? name ?? "unknown");
}
