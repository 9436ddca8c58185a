import { z } from "zod";

/**
 * A report as adapters send it: Harbor's own 1.0, and the generic 1.1 with more in each item. What is not as it should
 * be is left out, item by item, except where that could hide a vulnerability: then the report is refused.
 */
const maxLinks = 64;

/** Real images have some thousands. All are written in one transaction, and looked through for a pull. */
const maxFindings = 20_000;

/** What is longer is cut: nobody reads it, and lists of it are kept in memory. */
const text = (length: number) =>
  z
    .string()
    .transform((value) => value.replaceAll("\0", "").slice(0, length))
    .nullish()
    .catch(null);

const score = z.number().min(0).max(10).nullish().catch(null);

/** An empty list where it is none; of its members only those that are texts. */
const texts = (most: number, length: number) =>
  z
    .array(z.unknown())
    .transform((list) =>
      list
        .filter((one) => typeof one === "string")
        .slice(0, most)
        .map((one) => one.slice(0, length)),
    )
    .nullish()
    .catch(null);

const vectors = z
  .object({
    V2Score: score,
    V3Score: score,
    V40Score: score,
    V2Vector: text(256),
    V3Vector: text(256),
    V40Vector: text(256),
  })
  .partial()
  .catch({});

const vulnerability = z.object({
  id: z
    .string()
    .transform((value) => value.replaceAll("\0", "").trim())
    .pipe(z.string().min(1).max(256)),
  package: text(512),
  version: text(512),
  fix_version: text(512),
  severity: text(64),
  status: text(64),
  description: text(16_384),
  links: texts(maxLinks, 2048),
  layer: z
    .object({ digest: text(256) })
    .nullish()
    .catch(null),
  preferred_cvss: z
    .object({ score_v3: score, score_v2: score, vector_v3: text(256), vector_v2: text(256) })
    .nullish()
    .catch(null),
  cwe_ids: texts(maxLinks, 64),
  vendor_attributes: z
    .object({ CVSS: z.record(z.string().max(64), vectors).nullish().catch(null) })
    .nullish()
    .catch(null),
});

export type ReportedVulnerability = z.infer<typeof vulnerability>;

export const vulnerabilityReport = z.object({
  generated_at: text(64),
  scanner: z
    .object({ name: text(256), vendor: text(256), version: text(256) })
    .nullish()
    .catch(null),
  /** Adapters send null for none, or leave it out, as Trivy's does. */
  vulnerabilities: z.array(vulnerability).nullish(),
  /** Breakwater's own addition. */
  coverage: z.unknown().optional(),
});

export type VulnerabilityReport = z.infer<typeof vulnerabilityReport>;

/** One that is yet to be taken: what was taken once is read for good, whatever is taken today. */
export const newVulnerabilityReport = vulnerabilityReport.extend({
  vulnerabilities: z
    .array(z.unknown())
    .max(maxFindings, `has more than the ${maxFindings} findings that are taken of one image`)
    .pipe(z.array(vulnerability))
    .nullish(),
});

export const sbomReport = z.object({
  generated_at: text(64),
  media_type: text(256),
  sbom: z.union([z.looseObject({}), z.string().min(2)]),
});
