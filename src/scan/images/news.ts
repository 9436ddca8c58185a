import type { Tx } from "../../db/index.ts";
import type { Events } from "../../events/index.ts";
import { systemCaller } from "../../kernel/index.ts";
import { severities } from "../severity.ts";

/** Vulnerabilities that an event names. */
const named = 20;

/**
 * Tells of images that somebody has pulled, and of which more is known than when they were last counted: call it
 * before they are counted anew. Answers how many they are.
 */
export async function raiseNews(tx: Tx, events: Events, manifestIds: readonly number[]): Promise<number> {
  const rows = await tx
    .selectFrom("image_scan")
    .innerJoin("manifest", "manifest.id", "image_scan.manifest_id")
    .innerJoin("repository", "repository.id", "manifest.repository_id")
    .innerJoin("image_package", "image_package.manifest_id", "manifest.id")
    .innerJoin("package_finding", "package_finding.package_id", "image_package.package_id")
    .innerJoin("package_identity", "package_identity.id", "image_package.package_id")
    .select([
      "manifest.id",
      "manifest.digest",
      "manifest.pulled_at",
      "repository.name as repository",
      "repository.project_id",
      "package_finding.vulnerability",
      "package_finding.severity",
      "package_finding.fixed_version",
      "package_identity.name",
      "package_identity.version",
    ])
    .where("manifest.id", "in", manifestIds)
    .where("manifest.pulled_at", "is not", null)
    .where("package_finding.status", "!=", "unknown")
    .whereRef("package_finding.found_at", ">", "image_scan.counted_at")
    .orderBy("package_finding.severity", "desc")
    .orderBy("package_finding.vulnerability")
    .execute();
  const images = Map.groupBy(rows, ({ id }) => id);
  for (const [id, found] of images) {
    const [first] = found;
    if (first === undefined) continue;
    const tags = await tx
      .selectFrom("tag")
      .select("name")
      .where("manifest_id", "=", id)
      .orderBy("name")
      .execute();
    await events.emit(tx, "imageBecameVulnerable", {
      repository: first.repository,
      projectId: first.project_id,
      digest: first.digest,
      tags: tags.map(({ name }) => name),
      pulledAt: first.pulled_at ?? 0,
      count: found.length,
      vulnerabilities: found.slice(0, named).map((row) => ({
        id: row.vulnerability,
        severity: severities[row.severity] ?? "Unknown",
        package: row.name,
        version: row.version,
        fixedVersion: row.fixed_version,
      })),
      caller: systemCaller,
    });
  }
  return images.size;
}
