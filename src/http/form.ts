import { BreakwaterError } from "../kernel/index.ts";

const maxBytes = 64 * 1024;

/** The fields of a form that was posted URL-encoded. Throws BAD_REQUEST for any other body and for one over 64 KiB. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    throw new BreakwaterError("BAD_REQUEST", "The body must be a form (application/x-www-form-urlencoded).");
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new BreakwaterError("BAD_REQUEST", "The form is too large.");
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}
