import { blobKey, blobsPrefix, digestOfBlobKey, type ObjectInfo } from "../../blobs/index.ts";
import { batches } from "../../db/index.ts";
import { longestRemoval } from "../collector.ts";
import type { Scope, Suspicion } from "./check.ts";
import { foreignFile, isTemporary, temporaryFile } from "./files.ts";
import { inBatches } from "./pages.ts";

/** Every file among the blobs is a blob that the database knows. */
export async function* blobFiles(scope: Scope): AsyncIterable<Suspicion> {
  for await (const files of inBatches(scope.objects.list(blobsPrefix), 500)) {
    scope.examined("files", files.length);
    const blobs = new Map<string, ObjectInfo>();
    for (const file of files) {
      const digest = digestOfBlobKey(file.key);
      if (digest !== null) blobs.set(digest, file);
      else if (!isTemporary(file.key)) yield foreignFile(scope, file.key);
      else if (file.modifiedAt < scope.settledBefore) yield temporaryFile(scope, file.key);
    }
    for (const digests of batches([...blobs.keys()])) {
      const rows = await scope.read
        .selectFrom("blob")
        .select("digest")
        .where("digest", "in", digests)
        .execute();
      for (const { digest } of rows) blobs.delete(digest);
    }
    for (const { key } of blobs.values()) yield unknownBlob(scope, key);
  }
}

/** A push makes the row first, a collection removes the file first: a file without a row is from elsewhere. */
function unknownBlob(scope: Scope, key: string): Suspicion {
  return async (tx) => {
    const digest = digestOfBlobKey(key);
    const info = await scope.objects.stat(key);
    if (digest === null || info === null) return null;
    const row = await tx.selectFrom("blob").select("id").where("digest", "=", digest).executeTakeFirst();
    if (row !== undefined) return null;
    const old = info.modifiedAt < scope.settledBefore;
    return {
      finding: {
        kind: "blob-unknown",
        severity: "leftover",
        subject: digest,
        message: `The storage holds the blob ${digest} (${info.size} bytes), which the database does not know. It cannot be pulled. Either it was copied there, or the database is older than the storage.`,
        remedy: old
          ? "A repair keeps it, unless it is told to discard what the database does not know."
          : "It is too young to be discarded.",
        bytes: info.size,
      },
      repair:
        old && scope.discardUnknown
          ? async () => {
              await scope.objects.remove(blobKey(digest), longestRemoval);
              return true;
            }
          : null,
    };
  };
}
