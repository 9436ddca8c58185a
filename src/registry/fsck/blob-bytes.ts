import { blobKey, type ObjectInfo } from "../../blobs/index.ts";
import type { Tx } from "../../db/index.ts";
import type { Digest } from "../../kernel/index.ts";
import type { Problem, Scope, Suspicion } from "./check.ts";
import { manifestContent, neededBy, storedAs } from "./content.ts";
import type { FindingKind } from "./finding.ts";
import { concurrently, idRanges } from "./pages.ts";

interface Row {
  readonly id: number;
  readonly digest: string;
  readonly size: number;
  readonly state: "live" | "lost";
  readonly is_manifest: number;
}

/** Every blob that a repository links has its bytes: all of them, and with `deep` the right ones. */
export async function* blobBytes(scope: Scope): AsyncIterable<Suspicion> {
  for await (const { from, to } of idRanges(scope.read, "blob", 1000)) {
    const rows = await linked(scope.read).where("blob.id", ">=", from).where("blob.id", "<=", to).execute();
    for await (const [row, info] of concurrently(rows, (row) => stat(scope, row))) {
      scope.examined("blobs", 1);
      if (info?.size !== row.size) yield (tx) => look(scope, tx, row.id);
      // A manifest's bytes are compared with the database's, whether deep or not.
      else if (row.state === "lost" || (scope.deep && row.is_manifest === 0)) {
        const suspicion = await read(scope, row, info);
        if (suspicion !== null) yield suspicion;
      }
    }
  }
}

function linked(db: Pick<Tx, "selectFrom">) {
  return db
    .selectFrom("blob")
    .select(["blob.id", "blob.digest", "blob.size", "blob.state"])
    .select((of) =>
      of
        .exists(of.selectFrom("manifest").select("manifest.id").whereRef("manifest.blob_id", "=", "blob.id"))
        .$castTo<number>()
        .as("is_manifest"),
    )
    .where("blob.links", ">", 0);
}

function stat(scope: Scope, row: Pick<Row, "digest">): Promise<ObjectInfo | null> {
  return scope.objects.stat(blobKey(row.digest as Digest));
}

/** Hashes a blob whose length is right, without a lock: what was read counts if the file is still the same. */
async function read(scope: Scope, row: Row, seen: ObjectInfo): Promise<Suspicion | null> {
  const good = await matches(scope, row);
  if (good && row.state === "live") return null;
  return async (tx) => {
    const now = await linked(tx).where("blob.id", "=", row.id).executeTakeFirst();
    const info = now === undefined ? null : await stat(scope, now);
    if (now === undefined || info?.size !== seen.size || info.modifiedAt !== seen.modifiedAt) return null;
    if (!good) return damaged(scope, tx, now, "blob-content", "its bytes are not the digest's");
    return now.state === "lost" ? foundAgain(now) : null;
  };
}

/** A file that the collector removes while it is read has no content to judge. */
async function matches(scope: Scope, row: Row): Promise<boolean> {
  try {
    return await storedAs(scope.objects, row.digest as Digest, (bytes) => scope.examined("blobs", 0, bytes));
  } catch (error) {
    if ((await stat(scope, row)) === null) return false;
    throw error;
  }
}

async function look(scope: Scope, tx: Tx, id: number): Promise<Problem | null> {
  const row = await linked(tx).where("blob.id", "=", id).executeTakeFirst();
  if (row === undefined) return null;
  const info = await stat(scope, row);
  if (info === null) return damaged(scope, tx, row, "blob-missing", "its file is not in the storage");
  if (info.size !== row.size) {
    return damaged(scope, tx, row, "blob-size", `its file has ${info.size} bytes instead of ${row.size}`);
  }
  return null;
}

function foundAgain(row: Row): Problem {
  return {
    finding: {
      kind: "blob-found-again",
      severity: "drift",
      subject: row.digest,
      message: `The blob ${row.digest} (${row.size} bytes) was lost, and its bytes are back.`,
      remedy: "A repair serves it again.",
      bytes: row.size,
    },
    repair: async (tx) => {
      await tx.updateTable("blob").set({ state: "live" }).where("id", "=", row.id).execute();
      return true;
    },
  };
}

async function damaged(scope: Scope, tx: Tx, row: Row, kind: FindingKind, what: string): Promise<Problem> {
  const digest = row.digest as Digest;
  const content = await manifestContent(tx, row.id, digest);
  const finding = {
    kind: row.state === "lost" ? "blob-lost" : kind,
    severity: "damage",
    subject: digest,
    message: `The blob ${digest} (${row.size} bytes) is damaged: ${what}. ${await neededBy(tx, row.id)}`,
    bytes: row.size,
  } as const;
  if (content !== null) {
    return {
      finding: { ...finding, remedy: "A repair writes the file again, from the copy in the database." },
      repair: async () => {
        await scope.objects.put(blobKey(digest), content);
        return true;
      },
    };
  }
  if (row.state === "lost") {
    const remedy =
      "It is out of service. Push one of these images again, or put its file back from a backup and run fsck again.";
    return { finding: { ...finding, remedy }, repair: null };
  }
  const remedy =
    "Nothing here can bring the bytes back. A repair takes the blob out of service, so that clients which push one of these images send it again instead of being told that it is there.";
  return {
    finding: { ...finding, remedy },
    repair: async (tx) => {
      await tx.updateTable("blob").set({ state: "lost" }).where("id", "=", row.id).execute();
      return false;
    },
  };
}
