import { type SqlBool, sql } from "kysely";
import { batches, type Database, type Tx } from "../../db/index.ts";
import type { Identity } from "../match/finding.ts";
import { keyOf } from "../match/identities.ts";

/** An identity as the database knows it. */
export interface StoredIdentity {
  readonly id: number;
  /** The vulnerability database that its findings come from; null when it has not been matched yet. */
  readonly vulndb: string | null;
}

/** Notes which identities an image has, in place of those that it had. */
export async function linkIdentities(
  tx: Tx,
  manifestId: number,
  identities: ReadonlyMap<string, StoredIdentity>,
): Promise<void> {
  await tx.deleteFrom("image_package").where("manifest_id", "=", manifestId).execute();
  const ids = [...new Set([...identities.values()].map(({ id }) => id))];
  for (const some of batches(ids)) {
    await tx
      .insertInto("image_package")
      .values(some.map((package_id) => ({ manifest_id: manifestId, package_id })))
      .execute();
  }
}

/** The identities as the database knows them, by `keyOf`; those that it does not know are added. */
export async function ensureIdentities(
  tx: Tx,
  identities: readonly Identity[],
): Promise<ReadonlyMap<string, StoredIdentity>> {
  const wanted = new Map(identities.map((identity) => [keyOf(identity), identity]));
  const found = new Map<string, StoredIdentity>();
  for (const some of batches([...wanted.values()], 200)) {
    for (const row of await select(tx, some)) found.set(keyOf(row), row);
    const missing = some.filter((identity) => !found.has(keyOf(identity)));
    if (missing.length === 0) continue;
    const added = await tx
      .insertInto("package_identity")
      .values(missing.map((identity) => ({ ...identity, vulndb: null, changed_at: 0 })))
      .returningAll()
      .execute();
    for (const row of added) found.set(keyOf(row), row);
  }
  return found;
}

async function select(tx: Tx, identities: readonly Identity[]) {
  const wanted = identities.map(
    ({ ecosystem, name, version, module, origin }) =>
      sql`(${ecosystem}, ${name}, ${version}, ${module}, ${origin})`,
  );
  return tx
    .selectFrom("package_identity")
    .select(["id", "ecosystem", "name", "version", "module", "origin", "vulndb"])
    .where(sql<SqlBool>`(ecosystem, name, version, module, origin) in (values ${sql.join(wanted)})`)
    .execute();
}

/** Identities that are looked at in one transaction. */
const purgedAtOnce = 5_000;

/** Forgets identities that no image has any more; answers how many. */
export async function purgeIdentities(database: Database): Promise<number> {
  let purged = 0;
  for (let after = 0; ; after += purgedAtOnce) {
    const later = await database.read
      .selectFrom("package_identity")
      .select("id")
      .where("id", ">", after)
      .limit(1)
      .executeTakeFirst();
    if (later === undefined) return purged;
    const { numDeletedRows } = await database.write((tx) =>
      tx
        .deleteFrom("package_identity")
        .where("id", ">", after)
        .where("id", "<=", after + purgedAtOnce)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("image_package")
                .select("manifest_id")
                .whereRef("image_package.package_id", "=", "package_identity.id"),
            ),
          ),
        )
        .executeTakeFirstOrThrow(),
    );
    purged += Number(numDeletedRows);
  }
}
