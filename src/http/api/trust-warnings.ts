import { createRoute, z } from "@hono/zod-openapi";
import { listHeaders, pageHeaders, pageQuery, toListQuery } from "./pagination.ts";
import { type Api, identifyKnown } from "./request.ts";
import { json, refusals } from "./responses.ts";
import type { ApiServices } from "./services.ts";
import { expiryWarningSchema, toExpiryWarningBody } from "./trust-body.ts";

const listWarnings = createRoute({
  method: "get",
  path: "/trust/warnings",
  tags: ["trust"],
  summary: "List the content trust metadata that expires within 30 days, or has expired",
  description:
    "Roots, targets and delegations, which only people with their keys can sign anew; of the projects that one may know of. An addition of Breakwater's.",
  request: { query: pageQuery },
  responses: {
    200: {
      ...json(z.array(expiryWarningSchema), "The warnings, the most urgent first."),
      headers: listHeaders,
    },
    ...refusals(400, 401),
  },
});

export function addTrustWarnings(api: Api, { access, trust }: ApiServices): void {
  api.openapi(listWarnings, async (c) => {
    const { principal } = await identifyKnown(c, access);
    const query = toListQuery(c.req.valid("query"));
    const page = await trust.expiries.visibleWarnings(principal, query);
    return c.json(page.items.map(toExpiryWarningBody), 200, pageHeaders(c, page, query));
  });
}
