import { createRoute, z } from "@hono/zod-openapi";
import type { HubItem } from "../../scan/index.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, identify } from "./request.ts";
import { json, refusals } from "./responses.ts";
import { flag } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

/** Harbor's `tune_count`: more than so many are not counted, and their number is -1. */
const counted = 1000;

const count = z.number().int();

const dangerousCveSchema = z
  .object({
    cve_id: z.string(),
    severity: z.string(),
    cvss_score_v3: z.number(),
    desc: z.string(),
    package: z.string(),
    version: z.string(),
  })
  .openapi("DangerousCVE");

const dangerousArtifactSchema = z
  .object({
    project_id: count,
    repository_name: z.string(),
    digest: z.string(),
    critical_cnt: count,
    high_cnt: count,
    medium_cnt: count,
  })
  .openapi("DangerousArtifact");

const summarySchema = z
  .object({
    critical_cnt: count,
    high_cnt: count,
    medium_cnt: count,
    low_cnt: count,
    none_cnt: count.openapi({ description: "Those that are negligible among them" }),
    unknown_cnt: count,
    total_vuls: count,
    scanned_cnt: count,
    total_artifact: count,
    fixable_cnt: count,
    dangerous_cves: z.array(dangerousCveSchema).optional(),
    dangerous_artifacts: z.array(dangerousArtifactSchema).optional(),
  })
  .openapi("SecuritySummary");

const itemSchema = z
  .object({
    project_id: count,
    repository_name: z.string(),
    digest: z.string(),
    tags: z.array(z.string()),
    cve_id: z.string(),
    severity: z.string(),
    cvss_v3_score: z.number(),
    package: z.string(),
    version: z.string(),
    fixed_version: z.string(),
    desc: z.string(),
    links: z.array(z.string()),
  })
  .openapi("VulnerabilityItem");

const getSummary = createRoute({
  method: "get",
  path: "/security/summary",
  tags: ["securityhub"],
  summary: "Get what is known against all images together",
  request: {
    query: z.object({
      with_dangerous_cve: flag("Whether to name the worst vulnerabilities").optional(),
      with_dangerous_artifact: flag("Whether to name the images with the most of them").optional(),
    }),
  },
  responses: { 200: json(summarySchema, "The summary."), ...refusals(401, 403) },
});

const listVulnerabilities = createRoute({
  method: "get",
  path: "/security/vul",
  tags: ["securityhub"],
  summary: "Get which vulnerability is in which package of which image, the worst first",
  request: {
    query: listQuery.omit({ sort: true }).extend({
      tune_count: flag(`Whether to count to ${counted} only: the number of more is -1`).optional(),
      with_tag: flag("Whether to say the images' tags").optional(),
    }),
  },
  responses: {
    200: { ...json(z.array(itemSchema), "What was found."), headers: listHeaders },
    ...refusals(400, 401, 403),
  },
});

/** Harbor's security hub. It tells of all projects, so that it is for administrators. */
export function addSecurity(api: Api, { access, rights, hub }: ApiServices): void {
  api.openapi(getSummary, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "security-hub", "read");
    const wanted = c.req.valid("query");
    const { counts, fixable, scanned, artifacts } = await hub.summary();
    const { Critical, High, Medium, Low, Negligible, None, Unknown } = counts;
    return c.json(
      {
        critical_cnt: Critical,
        high_cnt: High,
        medium_cnt: Medium,
        low_cnt: Low,
        none_cnt: None + Negligible,
        unknown_cnt: Unknown,
        total_vuls: Object.values(counts).reduce((sum, some) => sum + some, 0),
        scanned_cnt: scanned,
        total_artifact: artifacts,
        fixable_cnt: fixable,
        ...(wanted.with_dangerous_cve ? { dangerous_cves: await dangerousCves(hub) } : {}),
        ...(wanted.with_dangerous_artifact ? { dangerous_artifacts: await dangerousArtifacts(hub) } : {}),
      },
      200,
    );
  });

  api.openapi(listVulnerabilities, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "security-hub", "list");
    const parameters = c.req.valid("query");
    const query = toListQuery(parameters);
    const { items, total } = await hub.search(query, {
      tags: parameters.with_tag === true,
      countUpTo: parameters.tune_count ? counted : null,
    });
    const headers = pageHeaders(c, { items, total: total ?? Number.POSITIVE_INFINITY }, query);
    return c.json(items.map(toItemBody), 200, { ...headers, "X-Total-Count": String(total ?? -1) });
  });
}

async function dangerousCves(hub: ApiServices["hub"]): Promise<z.infer<typeof dangerousCveSchema>[]> {
  const worst = await hub.worstVulnerabilities();
  return worst.map(({ id, severity, score, description, place }) => ({
    cve_id: id,
    severity,
    cvss_score_v3: score ?? 0,
    desc: description,
    package: place.name,
    version: place.version,
  }));
}

async function dangerousArtifacts(
  hub: ApiServices["hub"],
): Promise<z.infer<typeof dangerousArtifactSchema>[]> {
  const worst = await hub.worstImages();
  return worst.map(({ projectId, repository, digest, critical, high, medium }) => ({
    project_id: projectId,
    repository_name: repository,
    digest,
    critical_cnt: critical,
    high_cnt: high,
    medium_cnt: medium,
  }));
}

function toItemBody(item: HubItem): z.infer<typeof itemSchema> {
  return {
    project_id: item.projectId,
    repository_name: item.repository,
    digest: item.digest,
    tags: [...item.tags],
    cve_id: item.id,
    severity: item.severity,
    cvss_v3_score: item.score ?? 0,
    package: item.package,
    version: item.version,
    fixed_version: item.fixedVersion ?? "",
    desc: item.description,
    links: [...item.links],
  };
}
