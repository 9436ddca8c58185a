import { sql } from "kysely";
import {
  blobKey,
  type Link,
  layerLinkKey,
  type ObjectStore,
  revisionLinkKey,
  tagLinkKey,
} from "../../blobs/index.ts";
import type { Tx } from "../../db/index.ts";
import { type Digest, isDigest } from "../../kernel/index.ts";
import type { Problem, Scope, Suspicion } from "./check.ts";
import type { FindingKind } from "./finding.ts";

/**
 * Where a link ought to point, by the database: null when there ought to be none. A manifest's own blob has a
 * layer link only if it was also pushed as a blob; then `required` is false.
 */
interface Target {
  readonly digest: string;
  readonly required: boolean;
}

export function linkKey(link: Link): string {
  if (link.kind === "tag") return tagLinkKey(link.repository, link.tag);
  const key = link.kind === "layer" ? layerLinkKey : revisionLinkKey;
  return key(link.repository, link.digest);
}

/** What a link file says, or null when there is none. Files of other tools may end in a line break. */
export async function readLink(objects: ObjectStore, link: Link): Promise<string | null> {
  const content = await objects.get(linkKey(link));
  return content === null ? null : new TextDecoder().decode(content).trim();
}

export async function targetOf(db: Pick<Tx, "selectFrom">, link: Link): Promise<Target | null> {
  const repository = db.selectFrom("repository").where("repository.name", "=", link.repository);
  if (link.kind === "layer") {
    const row = await repository
      .innerJoin("repository_blob as held", "held.repository_id", "repository.id")
      .innerJoin("blob", "blob.id", "held.blob_id")
      .select(["blob.digest", layerLinkRequired.as("required")])
      .where("blob.digest", "=", link.digest)
      .executeTakeFirst();
    return row === undefined ? null : { digest: row.digest, required: Boolean(row.required) };
  }
  const row = await (link.kind === "tag"
    ? repository
        .innerJoin("tag", "tag.repository_id", "repository.id")
        .innerJoin("manifest", "manifest.id", "tag.manifest_id")
        .where("tag.name", "=", link.tag)
    : repository
        .innerJoin("manifest", "manifest.repository_id", "repository.id")
        .where("manifest.digest", "=", link.digest)
  )
    .select("manifest.digest")
    .executeTakeFirst();
  return row === undefined ? null : { digest: row.digest, required: true };
}

/** For a row `held` of repository_blob: it is no manifest's own blob, or something else names it too. */
export const layerLinkRequired = sql<number>`(
  not exists (
    select 1 from manifest_content where manifest_content.blob_id = held.blob_id
    union all
    select 1 from manifest as own
    where own.blob_id = held.blob_id and own.repository_id = held.repository_id
  )
  or exists (
    select 1 from manifest_blob
    inner join manifest as other on other.id = manifest_blob.manifest_id
    where manifest_blob.blob_id = held.blob_id
      and other.repository_id = held.repository_id and other.blob_id <> held.blob_id
  ))`;

/** Looks at one link, from both sides: its file is there exactly when its row is, and says the same. */
export function lookAtLink(scope: Scope, link: Link): Suspicion {
  return async (tx) => {
    const target = await targetOf(tx, link);
    const said = await readLink(scope.objects, link);
    if (target === null) return said === null ? null : stale(scope, tx, link, said);
    if (said === target.digest || (said === null && !target.required)) return null;
    if (said === null) {
      return rewritten(scope, link, target.digest, "link-missing", "is not there", "would lack it");
    }
    if (await isUnknown(scope, tx, said)) return unknown(link, said);
    const wrong = `says ${said} instead of ${target.digest}`;
    return rewritten(scope, link, target.digest, "link-wrong", wrong, "would have it wrong");
  };
}

function rewritten(
  scope: Scope,
  link: Link,
  digest: string,
  kind: FindingKind,
  what: string,
  meaning: string,
): Problem {
  return {
    finding: {
      kind,
      severity: "drift",
      subject: linkKey(link),
      message: `The link ${linkKey(link)} ${what}. The registry answers from its database, rightly; one that is rebuilt from the storage ${meaning}.`,
      remedy: "A repair writes it from the database.",
      bytes: 0,
    },
    repair: async () => {
      await scope.objects.put(linkKey(link), digest);
      return true;
    },
  };
}

async function stale(scope: Scope, tx: Tx, link: Link, said: string): Promise<Problem> {
  const remove = async () => {
    await scope.objects.remove(linkKey(link));
    return true;
  };
  if (await isUnknown(scope, tx, said)) {
    return { ...unknown(link, said), repair: scope.discardUnknown ? remove : null };
  }
  return {
    finding: {
      kind: "link-stale",
      severity: "leftover",
      subject: linkKey(link),
      message: `The link ${linkKey(link)} points to ${said}, and the database has no such ${link.kind}: a push that was not acknowledged, or a deletion, was broken off. A registry that is rebuilt from the storage would show it.`,
      remedy: "A repair deletes it.",
      bytes: 0,
    },
    repair: remove,
  };
}

/** Content that is in the storage and of which the database has never heard: it may be the only trace of a push. */
async function isUnknown(scope: Scope, tx: Tx, digest: string): Promise<boolean> {
  if (!isDigest(digest)) return false;
  const row = await tx.selectFrom("blob").select("id").where("digest", "=", digest).executeTakeFirst();
  return row === undefined && (await scope.objects.stat(blobKey(digest as Digest))) !== null;
}

function unknown(link: Link, said: string): Problem {
  return {
    finding: {
      kind: "link-unknown-content",
      severity: "drift",
      subject: linkKey(link),
      message: `The link ${linkKey(link)} points to ${said}, which is in the storage and unknown to the database. The database may be older than the storage.`,
      remedy: "A repair keeps it, unless it is told to discard what the database does not know.",
      bytes: 0,
    },
    repair: null,
  };
}
