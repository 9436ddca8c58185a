import { type Digest, version } from "../../kernel/index.ts";
import type { ImageInventory } from "../inventory/index.ts";
import type { Coverage, ImageFinding } from "../match/finding.ts";
import { writeSbom } from "../sbom/format.ts";
import { builtIn, toHarborReport } from "../scanners/index.ts";
import { rankOf, type Severity } from "../severity.ts";
import type { Order, ReportForm } from "./order.ts";

/** What was found in an image of another registry. */
export interface OrderResult {
  readonly order: Pick<Order, "origin" | "repository" | "digest">;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly inventory: ImageInventory;
  readonly findings: readonly ImageFinding[];
  readonly coverage: readonly Coverage[];
}

/**
 * Why a result is no report: an adapter has no word for what was not looked at, and a list without vulnerabilities would
 * be taken for a clean image. Null where it is one.
 */
export function gapOf({ findings, coverage }: OrderResult): string | null {
  if (findings.length > 0) return null;
  if (coverage.length === 0) return "Nothing in the image was recognised, so that nothing can be said of it.";
  const gaps = coverage.filter(({ state }) => state !== "covered" && state !== "stale");
  return gaps.length === 0 ? null : gaps.map(({ message }) => message).join(" ");
}

/** The result as the API answers it. */
export function toReport(result: OrderResult, form: ReportForm): object {
  const { order, at, findings, coverage } = result;
  const maker = { name: builtIn.name, vendor: builtIn.name, version };
  const artifact = { repository: order.repository, digest: order.digest };
  if (form.kind === "sbom") {
    const registry = new URL(order.origin).host;
    const image = { ...order, digest: order.digest as Digest, registry, inventory: result.inventory, at };
    const sbom: unknown = JSON.parse(new TextDecoder().decode(writeSbom(image, form.format)));
    return {
      generated_at: new Date(at).toISOString(),
      artifact,
      scanner: maker,
      media_type: mediaTypeOf(form),
      sbom,
    };
  }
  const images = [order.digest as Digest];
  return {
    artifact,
    ...toHarborReport({
      generatedAt: at,
      maker,
      severity: worst(findings, coverage),
      findings: findings.map((finding) => ({ finding, images })),
    }),
    coverage,
  };
}

function mediaTypeOf({ format }: Extract<ReportForm, { kind: "sbom" }>): string {
  return format === "spdx" ? "application/spdx+json" : "application/vnd.cyclonedx+json";
}

function worst(findings: readonly ImageFinding[], coverage: readonly Coverage[]): Severity {
  const clean = coverage.every(({ state }) => state === "covered") ? "None" : "Unknown";
  return findings.reduce<Severity>(
    (worst, { severity }) => (rankOf(severity) > rankOf(worst) ? severity : worst),
    findings.length === 0 ? clean : "None",
  );
}
