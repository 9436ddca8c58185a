import { BreakwaterError, type Digest } from "../../kernel/index.ts";

/** Docker's clients look for it to know a registry of the v2 API. */
export const apiVersion = { "Docker-Distribution-API-Version": "registry/2.0" } as const;

/** The most names in one answer of a list that the client sets no bound for. */
const defaultPage = 1_000;
const maxPage = 10_000;

/** `n` and `last` of a list (specification 1.1, "Listing tags"). Throws BAD_REQUEST for an `n` that is no number. */
export function pageOf(query: URLSearchParams): { limit: number; last: string | null } {
  const n = query.get("n");
  if (n !== null && !/^\d{1,9}$/.test(n)) {
    throw new BreakwaterError("BAD_REQUEST", `"n" is the number of entries wanted, not "${n.slice(0, 40)}".`);
  }
  return { limit: n === null ? defaultPage : Math.min(Number(n), maxPage), last: query.get("last") };
}

/** RFC 8288: where the next page is. */
export function nextLink(path: string, parameters: Record<string, string | number>): Record<string, string> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) query.set(name, String(value));
  return { Link: `<${path}?${query}>; rel="next"` };
}

export function json(body: unknown, headers: Record<string, string> = {}, contentType?: string): Response {
  return new Response(JSON.stringify(body), {
    headers: { ...apiVersion, "Content-Type": contentType ?? "application/json", ...headers },
  });
}

/** True when the client holds the content already (RFC 9110, section 13.1.2). */
export function isCurrent(request: Request, digest: Digest): boolean {
  const header = request.headers.get("if-none-match");
  if (header === null) return false;
  return header.split(",").some((part) => {
    const tag = part.trim();
    return tag === "*" || tag.replace(/^W\//, "") === `"${digest}"`;
  });
}
