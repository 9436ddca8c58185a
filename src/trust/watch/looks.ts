import { type Reader, statement, type TrustLookTable, type Tx } from "../../db/index.ts";
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
  /** What was published until here, it may be several times, is looked at together. */
  readonly through: number;
  readonly repository: string;
  readonly gun: string;
  /** Who published last. */
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
  await insertGunLook(tx, { gun, repository, caller: JSON.stringify(caller) });
}

const insertGunLook = statement(
  (on, { gun, repository, caller }: { readonly gun: string; repository: string; caller: string }) =>
    on.insertInto("trust_look").values({ gun, repository, tag: null, digest: null, caller }),
);

/** The newest note's number; 0 when there is none. */
export async function newestLook(reader: Reader): Promise<number> {
  const newest = await reader
    .selectFrom("trust_look")
    .select("id")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return newest?.id ?? 0;
}

/** The first after one and up to another that is to be looked at; null when there is nothing to do. */
export async function nextLook(reader: Reader, after: number, upTo: number): Promise<Look | null> {
  const row = await reader
    .selectFrom("trust_look")
    .selectAll()
    .where("id", ">", after)
    .where("id", "<=", upTo)
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { id, repository } = row;
  if (row.gun === null) {
    const { tag, digest } = row;
    return { kind: "tag", id, repository, tag: tag ?? "", digest: digest ?? "", caller: callerIn(row) };
  }
  const last = await reader
    .selectFrom("trust_look")
    .select(["id", "caller"])
    .where("gun", "=", row.gun)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  const { id: through, caller } = last ?? row;
  return { kind: "gun", id, through, repository, gun: row.gun, caller: callerIn({ caller }) };
}

/** False when another process was faster. */
export async function endLook(tx: Tx, look: Look): Promise<boolean> {
  const ended = tx.deleteFrom("trust_look");
  const { numDeletedRows } = await (look.kind === "tag"
    ? ended.where("id", "=", look.id)
    : ended.where("gun", "=", look.gun).where("id", "<=", look.through)
  ).executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** False when another process has looked at it, and may have looked at what came later too. */
export async function isOpen(tx: Tx, look: GunLook): Promise<boolean> {
  const note = await tx
    .selectFrom("trust_look")
    .select("id")
    .where("gun", "=", look.gun)
    .where("id", "<=", look.through)
    .limit(1)
    .executeTakeFirst();
  return note !== undefined;
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

function callerIn({ caller }: Pick<TrustLookTable, "caller">): Caller {
  return JSON.parse(caller) as Caller;
}
