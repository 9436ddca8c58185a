/** An answer whose length is told, for clients that hold it against what a document lists, and for the metrics. */
export function reply(
  body: string | Uint8Array,
  headers: Record<string, string> = {},
  status = 200,
): Response {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  return new Response(body, { status, headers: { ...headers, "Content-Length": String(length) } });
}

/** What Notary says of everything that is not an error. */
export const plainText = { "Content-Type": "text/plain; charset=utf-8" } as const;
export const json = { "Content-Type": "application/json; charset=utf-8" } as const;
