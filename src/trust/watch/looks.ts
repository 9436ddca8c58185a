import type { Reader, TrustLookTable, Tx } from "../../db/index.ts";
import type { TagsMoved } from "../../events/index.ts";
import type { Caller } from "../../kernel/index.ts";

/** Something to look at. Each is looked at once, by whichever process takes it; after a crash by another. */
export type Look = TagLook | GunLook;

/** A tag that was pointed to `digest`, of which nobody has looked at the trust data since. */
export interface TagLook {
  readonly kind: "tag";
  readonly id: number;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly caller: Caller;
}

/** Trust data that was published, deleted, or has expired: all tags may have another status. */
export interface GunLook {
  readonly kind: "gun";
  readonly id: number;
  readonly repository: string;
  readonly gun: string;
  readonly caller: Caller;
}

export async function addTagLooks(tx: Tx, { repository, digest, tags, caller }: TagsMoved): Promise<void> {
  const by = JSON.stringify(caller);
  await tx
    .insertInto("trust_look")
    .values(tags.map(({ name }) => ({ gun: null, repository, tag: name, digest, caller: by })))
    .execute();
}

export async function addGunLook(tx: Tx, repository: string, gun: string, caller: Caller): Promise<void> {
  const by = JSON.stringify(caller);
  await tx
    .insertInto("trust_look")
    .values({ gun, repository, tag: null, digest: null, caller: by })
    .execute();
}

/** The first that is to be looked at; null when there is nothing to do. */
export async function nextLook(reader: Reader, after: number): Promise<Look | null> {
  const row = await reader
    .selectFrom("trust_look")
    .selectAll()
    .where("id", ">", after)
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : toLook(row);
}

/** False when another process was faster. */
export async function endLook(tx: Tx, { id }: Look): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom("trust_look").where("id", "=", id).executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** Of a repository, the tags that were moved and are still to be looked at. */
export async function movedTags(tx: Tx, repository: string): Promise<ReadonlySet<string | null>> {
  const rows = await tx
    .selectFrom("trust_look")
    .select("tag")
    .where("repository", "=", repository)
    .where("tag", "is not", null)
    .execute();
  return new Set(rows.map(({ tag }) => tag));
}

function toLook({
  id,
  gun,
  repository,
  tag,
  digest,
  ...row
}: { id: number } & Omit<TrustLookTable, "id">): Look {
  const caller = JSON.parse(row.caller) as Caller;
  if (gun !== null) return { kind: "gun", id, repository, gun, caller };
  return { kind: "tag", id, repository, tag: tag ?? "", digest: digest ?? "", caller };
}
