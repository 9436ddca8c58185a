import type { Reader, TagTrustTable, Tx } from "../../db/index.ts";
import type { TagAlarm, TroubledTag } from "../../events/index.ts";
import type { Caller } from "../../kernel/index.ts";
import type { TagWithStatus } from "../overview.ts";
import type { TrustStatus } from "../trust-status.ts";

/** A tag whose status is another than when it was last looked at. */
interface Change {
  readonly tag: TagWithStatus;
  readonly kind: TagAlarm["kind"];
  /** What is to be remembered of it; null for a tag that is as it should be. */
  readonly row: Omit<TagTrustTable, "noticed_at"> | null;
}

/** Which of the tags, at most some hundreds, have changed; those that were deleted since are left out. */
export async function changesAmong(
  reader: Pick<Reader | Tx, "selectFrom">,
  tags: readonly TagWithStatus[],
): Promise<readonly Change[]> {
  if (tags.length === 0) return [];
  const rows = await reader
    .selectFrom("tag")
    .leftJoin("tag_trust", "tag_trust.tag_id", "tag.id")
    .select(["tag.id", "tag_trust.state", "tag_trust.digest", "tag_trust.signed"])
    .where(
      "tag.id",
      "in",
      tags.map(({ id }) => id),
    )
    .execute();
  const known = new Map(rows.map((row) => [row.id, row]));
  return tags.flatMap((tag): Change | [] => {
    const before = known.get(tag.id);
    if (before === undefined) return [];
    const row = toRow(tag);
    if (row === null) return before.state === null ? [] : { tag, kind: "restored", row };
    const same = before.state === row.state && before.digest === row.digest && before.signed === row.signed;
    return same ? [] : { tag, kind: row.state, row };
  });
}

/** Remembers the changes; answers the alarms that they are worth. */
export async function remember(
  tx: Tx,
  repository: string,
  caller: Caller,
  changes: readonly Change[],
  now: number,
): Promise<readonly TagAlarm[]> {
  const rows = changes.flatMap(({ row }) => (row === null ? [] : { ...row, noticed_at: now }));
  if (rows.length > 0) {
    await tx
      .insertInto("tag_trust")
      .values(rows)
      .onConflict((conflict) =>
        conflict.column("tag_id").doUpdateSet((of) => ({
          state: of.ref("excluded.state"),
          digest: of.ref("excluded.digest"),
          signed: of.ref("excluded.signed"),
          noticed_at: of.ref("excluded.noticed_at"),
        })),
      )
      .execute();
  }
  const restored = changes.flatMap(({ tag, row }) => (row === null ? tag.id : []));
  if (restored.length > 0) await tx.deleteFrom("tag_trust").where("tag_id", "in", restored).execute();
  return alarmsOf(repository, caller, changes);
}

/** The alarms for a tag that was deleted before it was looked at: it was there for a while. */
export function alarmsOfDeleted(
  repository: string,
  caller: Caller,
  tag: Omit<TagWithStatus, "id">,
): readonly TagAlarm[] {
  const row = toRow({ ...tag, id: 0 });
  return row === null ? [] : alarmsOf(repository, caller, [{ tag, kind: row.state }]);
}

export async function tagId(tx: Tx, repository: string, tag: string): Promise<number | null> {
  const row = await tx
    .selectFrom("repository")
    .innerJoin("tag", "tag.repository_id", "repository.id")
    .select("tag.id")
    .where("repository.name", "=", repository)
    .where("tag.name", "=", tag)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** One alarm for all tags to which the same happened. */
function alarmsOf(
  repository: string,
  caller: Caller,
  changes: readonly { readonly tag: Omit<TagWithStatus, "id">; readonly kind: TagAlarm["kind"] }[],
): readonly TagAlarm[] {
  const groups = Map.groupBy(changes, ({ tag, kind }) => JSON.stringify([kind, reasonOf(tag.status)]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const tags = group.map(({ tag }) => toTroubled(tag));
    return { kind: first.kind, repository, tags, reason: reasonOf(first.tag.status), caller };
  });
}

function toRow({ id, digest, status }: TagWithStatus): Change["row"] {
  if (status.state !== "tampered" && status.state !== "expired") return null;
  return { tag_id: id, state: status.state, digest, signed: "digest" in status ? status.digest : null };
}

function toTroubled({ tag, digest, status }: Omit<TagWithStatus, "id">): TroubledTag {
  const signed = "digest" in status ? status.digest : null;
  const signers = "signers" in status ? status.signers.map(({ role }) => role) : [];
  return { name: tag, digest, signed, signers };
}

function reasonOf(status: TrustStatus): string | null {
  return "reason" in status ? status.reason : null;
}
