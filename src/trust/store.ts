import type { Database, TufMetadataTable, Tx } from "../db/index.ts";
import { outdated } from "./refusal.ts";
import { sha256Of } from "./tuf/hashes.ts";

/** A document as it was published. */
export interface StoredMetadata {
  readonly version: number;
  /** Of the content, in hexadecimal. */
  readonly sha256: string;
  readonly content: Uint8Array;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface NewMetadata {
  readonly role: string;
  readonly version: number;
  readonly content: Uint8Array;
}

/** Where metadata lies. It is only ever added, and deleted with all else of its GUN. */
export class MetadataStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The timestamp with the highest version: through it all else that is current is found. */
  async latestTimestamp(gun: string) {
    const row = await this.#database.read
      .selectFrom("tuf_metadata")
      .selectAll()
      .where("gun", "=", gun)
      .where("role", "=", "timestamp")
      .orderBy("version", "desc")
      .limit(1)
      .executeTakeFirst();
    return stored(row);
  }

  async byHash(gun: string, role: string, sha256: string): Promise<StoredMetadata | null> {
    return stored(await this.#of(gun, role).where("sha256", "=", sha256).executeTakeFirst());
  }

  async byVersion(gun: string, role: string, version: number): Promise<StoredMetadata | null> {
    return stored(await this.#of(gun, role).where("version", "=", version).executeTakeFirst());
  }

  /**
   * Adds what was published together. `basis` is the hash of the timestamp that it was checked against, null for
   * none: when that is no longer the latest, somebody else was faster. Throws VERSION then, and when a role's
   * version is not higher than each that is stored.
   */
  async add(tx: Tx, gun: string, basis: string | null, documents: readonly NewMetadata[], now: number) {
    const latest = await this.#highest(tx, gun, "timestamp");
    if ((latest?.sha256 ?? null) !== basis) throw outdated("Somebody else has published in the meantime.");
    for (const { role, version } of documents) {
      const highest = role === "timestamp" ? latest : await this.#highest(tx, gun, role);
      if (highest !== undefined && version <= highest.version) {
        throw outdated(`Version ${version} of ${role} is not newer than what is published.`);
      }
    }
    const rows = documents.map(({ role, version, content }) => ({
      gun,
      role,
      version,
      content,
      sha256: sha256Of(content),
      created_at: now,
    }));
    await tx.insertInto("tuf_metadata").values(rows).execute();
  }

  /** Removes all metadata of exactly that GUN; answers whether there was any. */
  async remove(tx: Tx, gun: string): Promise<boolean> {
    const { numDeletedRows } = await tx.deleteFrom("tuf_metadata").where("gun", "=", gun).executeTakeFirst();
    return numDeletedRows > 0n;
  }

  #of(gun: string, role: string) {
    return this.#database.read
      .selectFrom("tuf_metadata")
      .selectAll()
      .where("gun", "=", gun)
      .where("role", "=", role);
  }

  /** Without the content, and at the same cost however many versions there are. */
  #highest(tx: Tx, gun: string, role: string) {
    return tx
      .selectFrom("tuf_metadata")
      .select(["version", "sha256"])
      .where("gun", "=", gun)
      .where("role", "=", role)
      .orderBy("version", "desc")
      .limit(1)
      .executeTakeFirst();
  }
}

function stored(row: TufMetadataTable | undefined): StoredMetadata | null {
  if (row === undefined) return null;
  return { version: row.version, sha256: row.sha256, content: row.content, createdAt: row.created_at };
}
