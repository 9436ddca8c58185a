/** What a request is answered with, before it has its id. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | Uint8Array | null;
}

export function reply(
  body: Reply["body"],
  headers: Readonly<Record<string, string>> = {},
  status: Reply["status"] = 200,
): Reply {
  return { status, headers: new Headers(headers), body };
}

/** An answer has headers of its own: those of the reply, which may be given again, are copied once they are all there. */
export function respond({ status, headers, body }: Reply, requestId: string): Response {
  headers.set("X-Request-Id", requestId);
  return new Response(body, { status, headers });
}

/** Bytes of its body. */
export function sizeOf({ body }: Reply): number {
  if (body === null) return 0;
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}

/** What Notary says of everything that is not an error. */
export const plainText = { "Content-Type": "text/plain; charset=utf-8" } as const;
export const json = { "Content-Type": "application/json; charset=utf-8" } as const;
