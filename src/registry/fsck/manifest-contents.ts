import { blobKey } from "../../blobs/index.ts";
import type { Tx } from "../../db/index.ts";
import type { Digest } from "../../kernel/index.ts";
import type { Scope, Suspicion } from "./check.ts";
import { hasDigest, manifestContent, neededBy } from "./content.ts";
import { idRanges } from "./pages.ts";

interface Row {
  readonly id: number;
  readonly digest: string;
  readonly size: number;
}

/** Every manifest's bytes are in the database and in the storage, the same in both, and the digest's. */
export async function* manifestContents(scope: Scope): AsyncIterable<Suspicion> {
  for await (const { from, to } of idRanges(scope.read, "blob", 1000)) {
    const rows = await ofManifests(scope.read)
      .where("blob.id", ">=", from)
      .where("blob.id", "<=", to)
      .execute();
    for (const row of rows) {
      const { inDatabase, inStorage } = await copies(scope, scope.read, row);
      scope.examined("manifests", 1, row.size);
      if (inDatabase === null || inStorage === "damaged") yield differing(scope, row.id);
    }
  }
}

function ofManifests(db: Pick<Tx, "selectFrom">) {
  return db
    .selectFrom("blob")
    .select(["blob.id", "blob.digest", "blob.size"])
    .where((of) =>
      of.exists(of.selectFrom("manifest").select("manifest.id").whereRef("manifest.blob_id", "=", "blob.id")),
    );
}

interface Copies {
  /** Null when it is not there, or wrong. */
  readonly inDatabase: Uint8Array | null;
  /** A file of another length is another check's finding. */
  readonly inStorage: Uint8Array | "damaged" | "missing";
}

async function copies(scope: Scope, db: Pick<Tx, "selectFrom">, row: Row): Promise<Copies> {
  const digest = row.digest as Digest;
  const inDatabase = await manifestContent(db, row.id, digest);
  const file = await scope.objects.get(blobKey(digest));
  if (file === null || file.length !== row.size) return { inDatabase, inStorage: "missing" };
  return { inDatabase, inStorage: hasDigest(file, digest) ? file : "damaged" };
}

function differing(scope: Scope, id: number): Suspicion {
  return async (tx) => {
    const row = await ofManifests(tx).where("blob.id", "=", id).executeTakeFirst();
    if (row === undefined) return null;
    const { inDatabase, inStorage } = await copies(scope, tx, row);
    if (inDatabase !== null && inStorage !== "damaged") return null;
    const where = inDatabase === null ? "database" : "storage";
    const finding = {
      kind: "manifest-content",
      severity: "damage",
      subject: row.digest,
      message: `The manifest ${row.digest} (${row.size} bytes) is not, or not rightly, in the ${where}. ${await neededBy(tx, id)}`,
      bytes: row.size,
    } as const;
    if (inDatabase !== null) {
      return {
        finding: { ...finding, remedy: "A repair writes the file again, from the copy in the database." },
        repair: async () => {
          await scope.objects.put(blobKey(row.digest as Digest), inDatabase);
          return true;
        },
      };
    }
    if (typeof inStorage === "string") {
      const remedy =
        "There is no good copy here. Delete the manifest and push the image again, or put its file back from a backup and run fsck again.";
      return { finding: { ...finding, remedy }, repair: null };
    }
    return {
      finding: { ...finding, remedy: "A repair takes the bytes from the storage." },
      repair: async (tx) => {
        await tx
          .insertInto("manifest_content")
          .values({ blob_id: id, content: inStorage })
          .onConflict((conflict) => conflict.column("blob_id").doUpdateSet({ content: inStorage }))
          .execute();
        return true;
      },
    };
  };
}
