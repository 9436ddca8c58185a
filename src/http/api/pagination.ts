import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ListQuery, Page } from "../../db/index.ts";
import { parseCriteria, parseSort } from "./query.ts";
import type { ApiEnv } from "./request.ts";

const maxPageSize = 100;
const integer = z.string().regex(/^-?\d{1,9}$/, "expected a whole number");

/** The parameters of every list. A size of zero or less, Harbor's "all", is answered with the largest page. */
export const pageQuery = z.object({
  page: integer
    .transform((page) => Math.max(1, Number(page)))
    .optional()
    .openapi({ type: "integer", default: 1, description: "The number of the page" }),
  page_size: integer
    .transform(Number)
    .refine((size) => size <= maxPageSize, `expected at most ${maxPageSize}`)
    .transform((size) => (size <= 0 ? maxPageSize : size))
    .optional()
    .openapi({ type: "integer", default: 10, maximum: maxPageSize, description: "The size of a page" }),
});

export const sortQuery = pageQuery.extend({
  sort: z.string().optional().openapi({ description: "Fields to sort by, such as name,-creation_time" }),
});

export const listQuery = sortQuery.extend({
  q: z
    .string()
    .optional()
    .openapi({ description: "k=v, k=~v, k=[min~max], k={v1 v2} or k=(v1 v2), separated by commas" }),
});

/** The part of a list that the parameters ask for. Throws BAD_REQUEST when `q` cannot be read. */
export function toListQuery(parameters: z.infer<typeof listQuery>): ListQuery {
  const limit = parameters.page_size ?? 10;
  return {
    criteria: parseCriteria(parameters.q ?? ""),
    sort: parseSort(parameters.sort ?? ""),
    limit,
    offset: ((parameters.page ?? 1) - 1) * limit,
  };
}

/** Harbor's headers of a list: how many there are in all, and where the pages before and after it are. */
export function pageHeaders(
  c: Context<ApiEnv>,
  { total }: Page<unknown>,
  { limit, offset }: ListQuery,
): Record<string, string> {
  const page = offset / limit + 1;
  const links: string[] = [];
  if (page > 1 && offset < total) links.push(link(c, page - 1, limit, "prev"));
  if (offset + limit < total) links.push(link(c, page + 1, limit, "next"));
  const headers = { "X-Total-Count": String(total) };
  return links.length === 0 ? headers : { ...headers, Link: links.join(" , ") };
}

function link(c: Context<ApiEnv>, page: number, size: number, relation: string): string {
  const url = new URL(c.req.url);
  url.searchParams.set("page", String(page));
  url.searchParams.set("page_size", String(size));
  url.searchParams.sort();
  // Harbor writes the whole query unescaped; only these signs are harmless in a header between < and >.
  const query = url.searchParams.toString().replaceAll("%3D", "=").replaceAll("%7E", "~");
  return `<${url.pathname}?${query}>; rel="${relation}"`;
}

/** The headers of such an answer, for its documentation. */
export const listHeaders = {
  "X-Total-Count": { description: "How many there are in all", schema: { type: "integer" as const } },
  Link: { description: "The pages before and after this one", schema: { type: "string" as const } },
};
