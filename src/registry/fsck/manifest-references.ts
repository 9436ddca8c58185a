import { batches, type Tx } from "../../db/index.ts";
import { addReferences, linkBlob } from "../links.ts";
import type { Scope, Suspicion } from "./check.ts";
import type { Finding } from "./finding.ts";
import { type Comparison, compare, dangles, hasDrifted } from "./manifest-comparison.ts";
import { idRanges } from "./pages.ts";

/** Each manifest's config, layers and children are in its repository, and noted as its. */
export async function* manifestReferences(scope: Scope): AsyncIterable<Suspicion> {
  for await (const { from, to } of idRanges(scope.read, "manifest", 500)) {
    const rows = await scope.read
      .selectFrom("manifest")
      .select("id")
      .where("id", ">=", from)
      .where("id", "<=", to)
      .execute();
    for (const { id } of rows) {
      scope.examined("manifests", 1);
      const seen = await compare(scope.read, id);
      if (seen === null) continue;
      if (hasDrifted(seen)) yield drifted(id);
      if (dangles(seen)) yield dangling(scope, id);
    }
  }
}

function finding(
  seen: Comparison,
  given: Pick<Finding, "kind" | "severity" | "message" | "remedy">,
): Finding {
  return { ...given, subject: seen.image, bytes: 0 };
}

function listed(digests: readonly string[]): string {
  const shown = digests.slice(0, 5).join(", ");
  return digests.length > 5 ? `${shown} and ${digests.length - 5} more` : shown;
}

function drifted(id: number): Suspicion {
  return async (tx) => {
    const seen = await compare(tx, id);
    if (seen === null || !hasDrifted(seen)) return null;
    const missing = [...seen.missingBlobs, ...seen.missingChildren];
    const extra = [...seen.extraBlobs, ...seen.extraChildren];
    const parts = [
      ...(missing.length > 0 ? [`it names ${listed(missing)}, and is not noted as needing it`] : []),
      ...(extra.length > 0 ? [`it is noted as needing ${listed(extra)}, and does not name it`] : []),
    ];
    return {
      finding: finding(seen, {
        kind: "manifest-references",
        severity: "drift",
        message: `What ${seen.image} needs is noted wrongly: ${parts.join("; ")}. A collection could delete too much or too little.`,
        remedy: "A repair notes what the manifest names.",
      }),
      repair: async (tx) => {
        await renote(tx, id, seen);
        return true;
      },
    };
  };
}

/** Counters that this leaves too high, the check of the counters puts right; too low would be dangerous. */
async function renote(tx: Tx, id: number, seen: Comparison): Promise<void> {
  await addReferences(tx, seen.repository.id, id, await blobIds(tx, seen.missingBlobs));
  for (const some of batches(await blobIds(tx, seen.extraBlobs))) {
    await tx.deleteFrom("manifest_blob").where("manifest_id", "=", id).where("blob_id", "in", some).execute();
  }
  for (const some of batches(seen.missingChildren)) {
    await tx
      .insertInto("manifest_child")
      .values(some.map((child_digest) => ({ manifest_id: id, child_digest })))
      .execute();
  }
  for (const some of batches(seen.extraChildren)) {
    await tx
      .deleteFrom("manifest_child")
      .where("manifest_id", "=", id)
      .where("child_digest", "in", some)
      .execute();
  }
}

async function blobIds(tx: Tx, digests: readonly string[]): Promise<number[]> {
  const ids: number[] = [];
  for (const some of batches(digests)) {
    const rows = await tx.selectFrom("blob").select("id").where("digest", "in", some).execute();
    ids.push(...rows.map(({ id }) => id));
  }
  return ids;
}

function dangling(scope: Scope, id: number): Suspicion {
  return async (tx) => {
    const seen = await compare(tx, id);
    if (seen === null || !dangles(seen)) return null;
    const known: { id: number; size: number }[] = [];
    for (const some of batches(seen.danglingBlobs)) {
      const blobs = tx.selectFrom("blob").select(["id", "size"]).where("digest", "in", some);
      known.push(...(await blobs.where("state", "=", "live").where("links", ">", 0).execute()));
    }
    const curable = known.length === seen.danglingBlobs.length && seen.danglingChildren.length === 0;
    const names = listed([...seen.danglingBlobs, ...seen.danglingChildren]);
    return {
      finding: finding(seen, {
        kind: "manifest-dangling",
        severity: "damage",
        message: `The image ${seen.image} cannot be pulled whole: its repository does not hold ${names}.`,
        remedy: curable
          ? "A repair links the content, which other repositories hold."
          : "Push the image again, or delete its manifest.",
      }),
      repair:
        known.length === 0
          ? null
          : async (tx) => {
              for (const blob of known) await linkBlob(tx, seen.repository, blob, scope.now());
              return curable;
            },
    };
  };
}
