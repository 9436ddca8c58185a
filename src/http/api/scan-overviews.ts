import type { z } from "@hono/zod-openapi";
import type { Artifact } from "../../registry/index.ts";
import type { ScannerSummary, ScanOverview } from "../../scan/index.ts";
import {
  type acceptVulnerabilities,
  reportTypeOf,
  sbomOverviewSchema,
  scanOverviewSchema,
  toSbomOverviewBody,
  toScanOverviewBody,
} from "./scan-overview-body.ts";
import { flag } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

/** What an artifact has of scans, beside its own fields. */
export const scanFields = {
  scan_overview: scanOverviewSchema.optional(),
  sbom_overview: sbomOverviewSchema.optional(),
};

export const scanOptions = {
  with_scan_overview: flag(
    "Whether to show how far the scan is and what it found; the default is false",
  ).optional(),
  with_sbom_overview: flag("Whether to show the SBOM that was made of it; the default is false").optional(),
};

type ScanFields = z.infer<z.ZodObject<typeof scanFields>>;

/** By artifact, what it has of scans; without the parts that are not asked for. */
export async function scanFieldsOf(
  { scanners }: Pick<ApiServices, "scanners">,
  artifacts: readonly Artifact[],
  query: z.infer<z.ZodObject<typeof scanOptions>>,
  headers: z.infer<typeof acceptVulnerabilities>,
): Promise<(artifact: Artifact) => ScanFields> {
  const reportType = reportTypeOf(headers);
  const overviews: ReadonlyMap<number, ScanOverview> =
    query.with_scan_overview && reportType !== null
      ? await scanners.artifacts.overviews(artifacts)
      : new Map();
  const sboms: ReadonlyMap<number, ScannerSummary> = query.with_sbom_overview
    ? await scanners.artifacts.sboms(artifacts)
    : new Map();
  return ({ id }) => {
    const [overview, sbom] = [overviews.get(id), sboms.get(id)];
    return {
      ...(overview === undefined || reportType === null
        ? {}
        : { scan_overview: { [reportType]: toScanOverviewBody(overview) } }),
      ...(sbom === undefined ? {} : { sbom_overview: toSbomOverviewBody(sbom) }),
    };
  };
}
