import { createRoute, z } from "@hono/zod-openapi";
import { toHarborReport } from "../../scan/index.ts";
import { artifactParams, artifactPath, fullName } from "./repository-path.ts";
import { type Api, identify } from "./request.ts";
import { json, refusals } from "./responses.ts";
import { acceptVulnerabilities, reportTypeOf, toCoverageBody } from "./scan-overview-body.ts";
import { formatTime } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const getVulnerabilities = createRoute({
  method: "get",
  path: `${artifactPath}/additions/vulnerabilities`,
  tags: ["artifact"],
  summary: "Get the report of an artifact, by its media type; nothing where there is no report",
  request: { params: artifactParams, headers: acceptVulnerabilities },
  responses: {
    200: json(z.record(z.string(), z.looseObject({})), "The report."),
    ...refusals(400, 401, 403, 404),
  },
});

export function addArtifactVulnerabilities(
  api: Api,
  { access, registry, rights, scanners }: ApiServices,
): void {
  api.openapi(getVulnerabilities, async (c) => {
    const { principal } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "artifact-addition", "read");
    const artifact = await registry.artifacts.find(fullName(params), params.reference);
    const reportType = reportTypeOf(c.req.valid("header"));
    const report = reportType === null ? null : await scanners.artifacts.report(artifact);
    if (reportType === null || report === null || report.overview.counts === null) return c.json({}, 200);
    const { overview, findings } = report;
    // An empty list would be taken for a clean image.
    if (overview.status === "Error" && findings.length === 0) return c.json({}, 200);
    const { coverage, dataAsOf, message } = overview;
    return c.json(
      {
        [reportType]: {
          ...toHarborReport({
            generatedAt: overview.finishedAt ?? overview.startedAt ?? 0,
            maker: overview.maker,
            severity: overview.severity,
            findings,
          }),
          ...(dataAsOf === null ? {} : { data_as_of: formatTime(dataAsOf) }),
          ...(coverage === null ? {} : { coverage: coverage.map(toCoverageBody) }),
          ...(message === null ? {} : { message }),
        },
      },
      200,
    );
  });
}
