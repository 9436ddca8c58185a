import { Agent, type IncomingMessage, request } from "node:http";
import { request as requestOverTls, Agent as TlsAgent } from "node:https";
import type { z } from "zod";
import { Pieces } from "../chunked/pieces.ts";
import { trustOf } from "../chunked/trust.ts";
import { ServiceFailure } from "./errors.ts";
import type { Identity } from "./identity.ts";
import type { GcsOptions } from "./options.ts";
import { until } from "./until.ts";

export interface Question {
  readonly method: "GET" | "POST" | "DELETE";
  /** Behind the endpoint, with its names escaped. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: Uint8Array;
}

/** Bytes of an answer in JSON, of which a page of a list is the longest. */
const longestAnswer = 16 * 1024 * 1024;

/** Requests of Google's JSON API. Why not by Google's own client for it is in docs/dependencies.md. */
export class Api {
  readonly #endpoint: string;
  readonly #identity: Identity;
  readonly #agent: Agent;

  constructor({ endpoint, caBundle }: GcsOptions, identity: Identity) {
    this.#endpoint = endpoint;
    this.#identity = identity;
    this.#agent = endpoint.startsWith("https:")
      ? new TlsAgent({ keepAlive: true, ...trustOf({ caBundle, skipVerify: false }) })
      : new Agent({ keepAlive: true });
  }

  /** The answer in JSON, of that shape: something on the way may answer by itself. Throws what `open` does. */
  async ask<T>(question: Question, shape: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const { success, data } = shape.safeParse(fromJson(await contentOf(await this.open(question, signal))));
    if (!success) throw new Error("The answer is not the storage's");
    return data;
  }

  /** The answer, of which the bytes are still to come. Throws `ServiceFailure` for any other status than 2xx. */
  async open(question: Question, signal: AbortSignal): Promise<IncomingMessage> {
    const proof = await until(signal, this.#identity.headers());
    const answer = await this.#send(question, proof, signal);
    const { statusCode: status = 0 } = answer;
    if (status >= 200 && status < 300) return answer;
    throw new ServiceFailure(status, fromJson(await contentOf(answer)));
  }

  #send({ method, path, query, headers, content }: Question, proof: Headers, signal: AbortSignal) {
    const url = `${this.#endpoint}${path}${query === undefined ? "" : `?${new URLSearchParams(query)}`}`;
    const size = method === "POST" ? { "content-length": String(content?.length ?? 0) } : {};
    const options = {
      method,
      headers: { ...headers, ...size, ...Object.fromEntries(proof) },
      agent: this.#agent,
      signal,
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = url.startsWith("https:") ? requestOverTls(url, options) : request(url, options);
    outgoing.on("response", resolve);
    outgoing.on("error", (error) => reject(signal.aborted ? signal.reason : error));
    if (content === undefined) outgoing.end();
    else new Pieces(content).pipe(outgoing);
    return promise;
  }
}

async function contentOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > longestAnswer) throw new Error("The answer is longer than any of the storage's.");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
