import type { Principal } from "../../access/index.ts";
import { gapOf, reportForm, type ScanOrders, toReport } from "../../scan/index.ts";
import { requesterOf } from "./post-scan.ts";

/** Seconds until a client should look again. */
const refreshAfter = 2;

/**
 * GET /scan/{id}/report. What could not be looked at is answered as a scan that failed, with the reason: the API has no
 * other word for it, and a report without vulnerabilities would be taken for a clean image.
 */
export async function getReport(
  request: Request,
  principal: Principal,
  id: string,
  { orders }: ScanOrders,
): Promise<Response> {
  const url = new URL(request.url);
  const form = reportForm(request.headers.get("accept") ?? "", url.searchParams.get("sbom_media_type"));
  if (form === null) return refuse(400, "Accept must name one report that the metadata lists.");
  const found = await orders.get(requesterOf(principal), id);
  if (found === null) return refuse(404, "There is no such scan, or not any more; submit it again.");
  if (found.state === "open") {
    const headers = { Location: url.pathname + url.search, "Refresh-After": String(refreshAfter) };
    return new Response(null, { status: 302, headers });
  }
  if (found.state === "failed") return refuse(500, found.failure);
  const gap = form.kind === "sbom" ? null : gapOf(found.result);
  if (gap !== null) return refuse(500, gap);
  return new Response(JSON.stringify(toReport(found.result, form)), {
    headers: { "Content-Type": form.mediaType },
  });
}

function refuse(status: number, message: string): Response {
  return Response.json({ error: { message } }, { status });
}
