import { sql } from "kysely";
import { batches, type Tx } from "../../db/index.ts";
import type { Finding } from "../match/finding.ts";
import { type Severity, severities } from "../severity.ts";

/** A column that counts the findings of an image. */
export type CountColumn = Lowercase<Severity> | "fixable";

/** By `rankOf`, the column that counts a severity. */
const columns = severities.map(columnOf);

export type Counts = Readonly<Partial<Record<Severity, number>>>;

const nothing = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0, none: 0, fixable: 0 };

/** Counts anew what is known against the packages of these images. */
export async function recount(tx: Tx, manifestIds: readonly number[], now: number): Promise<void> {
  for (const ids of batches(manifestIds)) {
    const totals = new Map(ids.map((id) => [id, { ...nothing, unclear: 0 }]));
    const rows = await tx
      .selectFrom("image_package")
      .innerJoin("package_finding", "package_finding.package_id", "image_package.package_id")
      .select((of) => [
        "image_package.manifest_id",
        "package_finding.severity",
        of.fn.countAll().as("count"),
        of.fn.count("package_finding.fixed_version").as("fixable"),
        sql<number>`sum(case when ${sql.ref("package_finding.status")} = 'unknown' then 1 else 0 end)`.as(
          "unclear",
        ),
      ])
      .where("image_package.manifest_id", "in", ids)
      .groupBy(["image_package.manifest_id", "package_finding.severity"])
      .execute();
    for (const { manifest_id, severity, count, fixable, unclear } of rows) {
      const total = totals.get(manifest_id);
      const column = columns[severity];
      if (total === undefined || column === undefined) continue;
      total[column] += Number(count);
      total.fixable += Number(fixable);
      total.unclear += Number(unclear);
    }
    for (const [id, { unclear, ...counts }] of totals) {
      const undecided = unclear === 0 ? null : JSON.stringify(await undecidedOf(tx, id));
      await tx
        .updateTable("image_scan")
        .set({ ...counts, undecided, counted_at: now })
        .where("manifest_id", "=", id)
        .execute();
    }
  }
}

/** By ecosystem, how many packages have a version that could not be compared. */
async function undecidedOf(tx: Tx, manifestId: number): Promise<Readonly<Record<string, number>>> {
  const rows = await tx
    .selectFrom("image_package")
    .innerJoin("package_identity", "package_identity.id", "image_package.package_id")
    .innerJoin("package_finding", "package_finding.package_id", "image_package.package_id")
    .select((of) => ["package_identity.ecosystem", of.fn.count("package_identity.id").distinct().as("count")])
    .where("image_package.manifest_id", "=", manifestId)
    .where("package_finding.status", "=", "unknown")
    .groupBy("package_identity.ecosystem")
    .execute();
  return Object.fromEntries(rows.map(({ ecosystem, count }) => [ecosystem, Number(count)]));
}

function columnOf(severity: Severity): Lowercase<Severity> {
  return severity.toLowerCase() as Lowercase<Severity>;
}

/** The columns of an image with these findings. */
export function columnsOf(findings: readonly Finding[]): Record<CountColumn, number> {
  const counts = { ...nothing };
  for (const { severity, fixedVersion } of findings) {
    counts[columnOf(severity)]++;
    if (fixedVersion !== null) counts.fixable++;
  }
  return counts;
}

/** The columns as what reports say; null where there is no report. */
export function countsOf(row: Readonly<Record<Lowercase<Severity>, number | null>>): Counts {
  const counts: Partial<Record<Severity, number>> = {};
  for (const [rank, severity] of severities.entries()) {
    const column = columns[rank];
    const count = column === undefined ? 0 : (row[column] ?? 0);
    if (count > 0) counts[severity] = count;
  }
  return counts;
}
