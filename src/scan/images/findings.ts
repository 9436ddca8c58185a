import { sql } from "kysely";
import { batches, type PackageFindingTable, type Tx } from "../../db/index.ts";
import { listedScore } from "../cvss.ts";
import type { Finding } from "../match/finding.ts";
import { rankOf } from "../severity.ts";

/** What of a finding is kept beside the vulnerability database. */
type Row = Omit<PackageFindingTable, "found_at">;

/**
 * Replaces what is known against identities by what was matched with the vulnerability database `version`. What was
 * there before keeps the time at which it was found. Answers the identities of which something has changed.
 */
export async function replaceFindings(
  tx: Tx,
  matched: ReadonlyMap<number, readonly Finding[]>,
  version: string,
  now: number,
): Promise<ReadonlySet<number>> {
  const changed = new Set<number>();
  for (const ids of batches([...matched.keys()])) {
    const before = new Map<string, Row>();
    const rows = await tx.selectFrom("package_finding").selectAll().where("package_id", "in", ids).execute();
    for (const { found_at: _, ...row } of rows) before.set(keyOf(row), row);
    const added: Row[] = [];
    for (const id of ids) {
      for (const row of (matched.get(id) ?? []).map((finding) => toRow(id, finding))) {
        const known = before.get(keyOf(row));
        before.delete(keyOf(row));
        if (known !== undefined && isSame(known, row)) continue;
        added.push(row);
        changed.add(id);
      }
    }
    await add(tx, added, now);
    // What is left nobody says any longer.
    for (const { package_id, vulnerability } of before.values()) {
      changed.add(package_id);
      await tx
        .deleteFrom("package_finding")
        .where("package_id", "=", package_id)
        .where("vulnerability", "=", vulnerability)
        .execute();
    }
    await tx.updateTable("package_identity").set({ vulndb: version }).where("id", "in", ids).execute();
  }
  for (const ids of batches([...changed])) {
    await tx.updateTable("package_identity").set({ changed_at: now }).where("id", "in", ids).execute();
  }
  return changed;
}

async function add(tx: Tx, rows: readonly Row[], now: number): Promise<void> {
  for (const some of batches(rows)) {
    await tx
      .insertInto("package_finding")
      .values(some.map((row) => ({ ...row, found_at: now })))
      .onConflict((conflict) =>
        conflict.columns(["package_id", "vulnerability"]).doUpdateSet({
          severity: sql`excluded.severity`,
          status: sql`excluded.status`,
          fixed_version: sql`excluded.fixed_version`,
          score: sql`excluded.score`,
          exploited: sql`excluded.exploited`,
          epss: sql`excluded.epss`,
        }),
      )
      .execute();
  }
}

function toRow(package_id: number, finding: Finding): Row {
  return {
    package_id,
    vulnerability: finding.id,
    severity: rankOf(finding.severity),
    status: finding.status,
    fixed_version: finding.fixedVersion,
    score: listedScore(finding.cvss),
    exploited: finding.exploitedSince === null ? 0 : 1,
    epss: finding.epss === null ? null : Math.round(finding.epss.probability * 1_000_000),
  };
}

function keyOf({ package_id, vulnerability }: Row): string {
  return `${package_id} ${vulnerability}`;
}

function isSame(a: Row, b: Row): boolean {
  return (
    a.severity === b.severity &&
    a.status === b.status &&
    a.fixed_version === b.fixed_version &&
    a.score === b.score &&
    a.exploited === b.exploited &&
    a.epss === b.epss
  );
}
