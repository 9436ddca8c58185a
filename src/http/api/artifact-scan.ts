import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";
import { artifactParams, artifactPath, fullName } from "./repository-path.ts";
import { type Api, identify } from "./request.ts";
import { refusals } from "./responses.ts";
import type { ApiServices } from "./services.ts";

const tags = ["scan"];
const scanTypeSchema = z
  .object({ scan_type: z.enum(["vulnerability", "sbom"]).default("vulnerability") })
  .openapi("ScanType");
/** Harbor's older clients send none. */
const optionalBody = { required: false, content: { "application/json": { schema: scanTypeSchema } } };
const accepted = { description: "Accepted: it is done in the background." };

const scanArtifact = createRoute({
  method: "post",
  path: `${artifactPath}/scan`,
  tags,
  summary: "Have the project's scanner look at an artifact, or make an SBOM of it",
  request: { params: artifactParams, body: optionalBody },
  responses: { 202: accepted, ...refusals(400, 401, 403, 404, 412) },
});

const stopScan = createRoute({
  method: "post",
  path: `${artifactPath}/scan/stop`,
  tags,
  summary: "Stop the scan of an artifact that is under way",
  request: { params: artifactParams, body: optionalBody },
  responses: { 202: accepted, ...refusals(400, 401, 403, 404) },
});

const getLog = createRoute({
  method: "get",
  path: `${artifactPath}/scan/{report_id}/log`,
  tags,
  summary: "Get what a scan wrote down",
  request: { params: artifactParams.extend({ report_id: z.string().max(16_384) }) },
  responses: {
    200: { description: "The log.", content: { "text/plain": { schema: z.string() } } },
    ...refusals(400, 401, 403, 404),
  },
});

const resources = { vulnerability: "scan", sbom: "sbom" } as const;

export function addArtifactScan(api: Api, { access, registry, rights, scanners }: ApiServices): void {
  const { artifacts } = registry;

  api.openapi(scanArtifact, async (c) => {
    const { principal, caller } = await identify(c, access);
    const params = c.req.valid("param");
    const kind = kindOf(c.req.valid("json"));
    await rights.authorize(principal, { name: params.project_name }, resources[kind], "create");
    const artifact = await artifacts.find(fullName(params), params.reference);
    await scanners.scans.start(caller, artifact, kind);
    return c.body(null, 202);
  });

  api.openapi(stopScan, async (c) => {
    const { principal, caller } = await identify(c, access);
    const params = c.req.valid("param");
    const kind = kindOf(c.req.valid("json"));
    await rights.authorize(principal, { name: params.project_name }, resources[kind], "stop");
    const artifact = await artifacts.find(fullName(params), params.reference);
    await scanners.scans.stop(caller, artifact, kind);
    return c.body(null, 202);
  });

  api.openapi(getLog, async (c) => {
    const { principal } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "scan", "read");
    const artifact = await artifacts.find(fullName(params), params.reference);
    const log = await scanners.artifacts.log(artifact, params.report_id);
    if (log !== null) return c.text(log, 200);
    throw new BreakwaterError(
      "NOT_FOUND",
      `The artifact has no report with the id "${params.report_id.slice(0, 80)}".`,
    );
  });
}

function kindOf(body: Partial<z.infer<typeof scanTypeSchema>> | undefined) {
  return body?.scan_type ?? "vulnerability";
}
