/** What a request is answered with, before it has its id. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

export function reply(
  body: Reply["body"],
  headers: Reply["headers"] = {},
  status: Reply["status"] = 200,
): Reply {
  return { status, headers, body };
}

/** All headers at once: to add one to an answer that is made already costs as much as all of them. */
export function respond({ status, headers, body }: Reply, requestId: string): Response {
  return new Response(body, { status, headers: { ...headers, "X-Request-Id": requestId } });
}

/** Bytes of its body. */
export function sizeOf({ body }: Reply): number {
  if (body === null) return 0;
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}

/** What Notary says of everything that is not an error. */
export const plainText = { "Content-Type": "text/plain; charset=utf-8" } as const;
export const json = { "Content-Type": "application/json; charset=utf-8" } as const;
