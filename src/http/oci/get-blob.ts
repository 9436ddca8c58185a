import { BreakwaterError, parseDigest, type RepositoryName } from "../../kernel/index.ts";
import type { Exchange } from "../exchange.ts";
import { authorize } from "./authorize.ts";
import { requireGood } from "./get-manifest.ts";
import { apiVersion, isCurrent } from "./reply.ts";
import type { OciServices } from "./services.ts";

/** GET and HEAD `/v2/<name>/blobs/<digest>`, with `Range` (specification 1.1, "Pulling blobs"). */
export async function getBlob(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  text: string,
): Promise<Response> {
  const grant = await authorize(exchange, services, name, "pull");
  const { blobs, resolver } = services.registry;
  const blob = await blobs.get(name, parseDigest(text));
  const { request } = exchange;
  const headers: Record<string, string> = {
    ...apiVersion,
    "Content-Type": "application/octet-stream",
    "Docker-Content-Digest": blob.digest,
    ETag: `"${blob.digest}"`,
    "Accept-Ranges": "bytes",
    // The bytes behind a digest never change, but who may read them does.
    "Cache-Control": "private, max-age=31536000",
    "Content-Disposition": "attachment",
  };
  if (isCurrent(request, blob.digest)) return new Response(null, { status: 304, headers });
  if (request.method === "HEAD") {
    return new Response(null, { headers: { ...headers, "Content-Length": String(blob.size) } });
  }
  if (blob.isManifest) {
    const manifest = await resolver.resolve(name, { kind: "digest", digest: blob.digest });
    await requireGood(exchange, grant, services, name, null, manifest);
  }
  const elsewhere = blobs.redirect(blob, exchange.address);
  if (elsewhere !== null) return redirectTo(await elsewhere, blob.digest);
  const range = parseRange(request.headers.get("range"), blob.size);
  if (range === null) return new Response(await blobs.body(blob), { headers });
  const { start, end } = range;
  return new Response(await blobs.body(blob, start, end), {
    status: 206,
    headers: { ...headers, "Content-Range": `bytes ${start}-${end - 1}/${blob.size}` },
  });
}

/** The storage answers in our place, ranges too. Its URL is signed for a while, and not for everybody's eyes. */
function redirectTo(url: string, digest: string): Response {
  return new Response(null, {
    status: 307,
    headers: { ...apiVersion, Location: url, "Docker-Content-Digest": digest, "Cache-Control": "no-store" },
  });
}

/**
 * One byte range as `[start, end)` (RFC 9110, section 14.1.2). Null where the whole is to be sent: no range,
 * another unit, or several ranges, which a server may ignore. Throws RANGE_INVALID when none of it is there, also
 * for one that ends before it begins, as Docker's own registry does.
 */
export function parseRange(header: string | null, size: number): { start: number; end: number } | null {
  const match = header === null ? null : /^bytes=(\d*)-(\d*)$/i.exec(header.trim());
  if (match === null) return null;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return null;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start >= end) {
    throw new BreakwaterError(
      "RANGE_INVALID",
      `The blob has ${size} bytes; the range ${header} lies outside.`,
      {
        detail: { size },
      },
    );
  }
  return { start, end };
}
