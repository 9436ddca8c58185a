import { batches, type Database, type ScannerFindingTable, type Tx } from "../../db/index.ts";
import { listedScore } from "../cvss.ts";
import type { ImageFinding } from "../match/finding.ts";
import { rankOf } from "../severity.ts";

type Row = Omit<ScannerFindingTable, "id">;

/** Replaces what a scanner has said of an image, for searches, by what its newest report says. */
export async function replaceFindings(
  tx: Tx,
  manifestId: number,
  scanner: string,
  findings: readonly ImageFinding[],
): Promise<void> {
  const rows = new Map(findings.map((finding) => toRow(scanner, finding)).map((row) => [row.hash, row]));
  const gone = new Set(await idsOf(tx, manifestId, scanner));
  const added: number[] = [];
  for (const hashes of batches([...rows.keys()])) {
    for (const id of await ensure(tx, hashes, rows)) if (!gone.delete(id)) added.push(id);
  }
  for (const ids of batches([...gone])) {
    await tx
      .deleteFrom("scanner_image_finding")
      .where("manifest_id", "=", manifestId)
      .where("finding_id", "in", ids)
      .execute();
  }
  for (const ids of batches(added)) {
    await tx
      .insertInto("scanner_image_finding")
      .values(ids.map((finding_id) => ({ manifest_id: manifestId, finding_id })))
      .execute();
  }
}

async function idsOf(tx: Tx, manifestId: number, scanner: string): Promise<readonly number[]> {
  const rows = await tx
    .selectFrom("scanner_image_finding")
    .innerJoin("scanner_finding", "scanner_finding.id", "scanner_image_finding.finding_id")
    .select("scanner_finding.id")
    .where("scanner_image_finding.manifest_id", "=", manifestId)
    .where("scanner_finding.scanner", "=", scanner)
    .execute();
  return rows.map(({ id }) => id);
}

/** The ids of these findings, of which some may be new. */
async function ensure(
  tx: Tx,
  hashes: readonly string[],
  rows: ReadonlyMap<string, Row>,
): Promise<readonly number[]> {
  const select = () =>
    tx.selectFrom("scanner_finding").select(["id", "hash"]).where("hash", "in", hashes).execute();
  const known = await select();
  const missing = new Set(hashes);
  for (const { hash } of known) missing.delete(hash);
  if (missing.size === 0) return known.map(({ id }) => id);
  const values = [...missing].map((hash) => rows.get(hash)).filter((row) => row !== undefined);
  await tx
    .insertInto("scanner_finding")
    .values(values)
    .onConflict((conflict) => conflict.column("hash").doNothing())
    .execute();
  return (await select()).map(({ id }) => id);
}

function toRow(scanner: string, finding: ImageFinding): Row {
  const { id: vulnerability, package: name, version, fixedVersion: fixed_version, severity } = finding;
  const [rank, score] = [rankOf(severity), listedScore(finding.cvss)];
  const all = JSON.stringify([scanner, vulnerability, name, version, fixed_version, rank, score]);
  return {
    scanner,
    hash: new Bun.CryptoHasher("sha256").update(all).digest("base64url"),
    vulnerability,
    package: name,
    version,
    fixed_version,
    severity: rank,
    score,
    description: finding.description,
    links: JSON.stringify(finding.links),
  };
}

/** Findings that are looked at in one transaction. */
const purgedAtOnce = 5_000;

/** Forgets what no image has any more; answers how much. */
export async function purgeFindings(database: Database): Promise<number> {
  let purged = 0;
  for (let after = 0; ; ) {
    const page = await database.read
      .selectFrom("scanner_finding")
      .select("id")
      .where("id", ">", after)
      .orderBy("id")
      .limit(purgedAtOnce)
      .execute();
    const last = page.at(-1)?.id;
    if (last === undefined) return purged;
    const first = after;
    const { numDeletedRows } = await database.write((tx) =>
      tx
        .deleteFrom("scanner_finding")
        .where("id", ">", first)
        .where("id", "<=", last)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("scanner_image_finding")
                .select("finding_id")
                .whereRef("finding_id", "=", "scanner_finding.id"),
            ),
          ),
        )
        .executeTakeFirstOrThrow(),
    );
    purged += Number(numDeletedRows);
    after = last;
  }
}
