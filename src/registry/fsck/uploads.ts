import { isVulnerabilityDatabaseKey, uploadKey, uploadsPrefix } from "../../blobs/index.ts";
import type { Tx } from "../../db/index.ts";
import type { Scope, Suspicion } from "./check.ts";
import { foreignFile, isTemporary, temporaryFile } from "./files.ts";
import { concurrently } from "./pages.ts";

const uploadId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What is Breakwater's own below the storage's root: uploads, vulnerability databases, and the probe's file. */
const ownPrefix = uploadsPrefix.slice(0, uploadsPrefix.indexOf("/"));

/** Every staged file belongs to an upload. */
export async function* stagedFiles(scope: Scope): AsyncIterable<Suspicion> {
  for await (const file of scope.objects.list(ownPrefix)) {
    scope.examined("files", 1);
    const id = file.key.slice(uploadsPrefix.length + 1);
    const settled = file.modifiedAt < scope.settledBefore;
    if (isTemporary(file.key)) {
      if (settled) yield temporaryFile(scope, file.key);
    } else if (isVulnerabilityDatabaseKey(file.key)) {
      // The feeds' own work looks after these.
    } else if (!uploadId.test(id)) yield foreignFile(scope, file.key);
    else if (settled && (await find(scope.read, id)) === undefined) yield strayFile(scope, id);
  }
}

/** Every upload that can be resumed has the bytes that were acknowledged. */
export async function* uploads(scope: Scope): AsyncIterable<Suspicion> {
  for (let last = ""; ; ) {
    const rows = await scope.read
      .selectFrom("upload")
      .select(["id", "offset"])
      .where("id", ">", last)
      .orderBy("id")
      .limit(500)
      .execute();
    for await (const [row, info] of concurrently(rows, ({ id }) => scope.objects.stat(uploadKey(id)))) {
      scope.examined("uploads", 1);
      if ((info?.size ?? 0) < row.offset) yield incomplete(scope, row.id);
    }
    const end = rows.at(-1);
    if (end === undefined) return;
    last = end.id;
  }
}

function find(db: Pick<Tx, "selectFrom">, id: string) {
  return db
    .selectFrom("upload")
    .innerJoin("repository", "repository.id", "upload.repository_id")
    .select(["repository.name", "upload.offset", "upload.holder", "upload.held_until"])
    .where("upload.id", "=", id)
    .executeTakeFirst();
}

function strayFile(scope: Scope, id: string): Suspicion {
  return async (tx) => {
    const info = await scope.objects.stat(uploadKey(id));
    if (info === null || (await find(tx, id)) !== undefined) return null;
    return {
      finding: {
        kind: "staged-file",
        severity: "leftover",
        subject: uploadKey(id),
        message: `The file ${uploadKey(id)} (${info.size} bytes) holds bytes of an upload that is finished or was cancelled. Nobody can go on with it.`,
        remedy: "A repair deletes it.",
        bytes: info.size,
      },
      repair: async () => {
        await scope.objects.remove(uploadKey(id));
        return true;
      },
    };
  };
}

function incomplete(scope: Scope, id: string): Suspicion {
  return async (tx) => {
    const row = await find(tx, id);
    const size = (await scope.objects.stat(uploadKey(id)))?.size ?? 0;
    if (row === undefined || size >= row.offset) return null;
    // Its last request may just be making a blob of the staged bytes.
    if (row.holder !== null && (row.held_until ?? 0) > scope.now()) return null;
    return {
      finding: {
        kind: "upload-bytes",
        severity: "leftover",
        subject: id,
        message: `The upload ${id} to ${row.name} cannot go on: ${row.offset} bytes of it were acknowledged, and ${size} are staged. A crash in its last request leaves it so; the client begins it again.`,
        remedy: "A repair forgets the upload.",
        bytes: row.offset,
      },
      repair: async (tx) => {
        await tx.deleteFrom("upload").where("id", "=", id).execute();
        await scope.objects.remove(uploadKey(id));
        return true;
      },
    };
  };
}
