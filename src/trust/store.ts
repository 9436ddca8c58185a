import { type SqlBool, sql } from "kysely";
import { type Database, type Reader, statement, type TufMetadataTable, type Tx } from "../db/index.ts";
import { Lru } from "../kernel/index.ts";
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

/** A role, and what was published for it. */
export type RoleContent = Pick<NewMetadata, "role" | "content">;

/** A document that was added, with the hash by which it is found. */
type AddedMetadata = NewMetadata & StoredMetadata;

/** Bytes of metadata kept in memory. */
const capacity = 16 * 1024 * 1024;
const perEntry = 512;

/** Where metadata lies. It is only ever added, and deleted with all else of its GUN. */
export class MetadataStore {
  readonly #database: Database;
  readonly #linked = new Lru<string, StoredMetadata>(capacity, ({ content }) => content.length + perEntry);

  constructor(database: Database) {
    this.#database = database;
  }

  /** The timestamp with the highest version: through it all else that is current is found. */
  async latestTimestamp(gun: string): Promise<StoredMetadata | null> {
    return stored(await selectLatest(this.#database.read, { gun, role: "timestamp" }));
  }

  async byHash(gun: string, role: string, sha256: string): Promise<StoredMetadata | null> {
    return stored(await selectByHash(this.#database.read, { gun, role, sha256 }));
  }

  async byVersion(gun: string, role: string, version: number): Promise<StoredMetadata | null> {
    return stored(await selectByVersion(this.#database.read, { gun, role, version }));
  }

  /** What was ever published with that version by others among the roles of targets. */
  async ofOthers(gun: string, role: string, version: number): Promise<readonly RoleContent[]> {
    return selectOfOthers(this.#database.read, { gun, role, version });
  }

  /** As `byHash`, for what a stored document leads to: it never changes, and is read once. */
  async linked(gun: string, role: string, sha256: string): Promise<StoredMetadata | null> {
    const key = linkTo(gun, role, sha256);
    const known = this.#linked.get(key) ?? (await this.byHash(gun, role, sha256));
    if (known !== null) this.#linked.set(key, known);
    return known;
  }

  /** Remembers what was added, once it is on stable storage: whoever publishes next is held against it. */
  remember(gun: string, added: readonly AddedMetadata[]): void {
    for (const document of added) this.#linked.set(linkTo(gun, document.role, document.sha256), document);
  }

  /**
   * Adds what was published together. `basis` is the timestamp that it was checked against, null for none: when that
   * is no longer the latest, somebody else was faster. Throws VERSION then, and when a role's version is not higher
   * than each that is stored. Answers what was added.
   */
  async add(
    tx: Tx,
    gun: string,
    basis: Pick<StoredMetadata, "sha256"> | null,
    documents: readonly NewMetadata[],
    now: number,
  ): Promise<readonly AddedMetadata[]> {
    const [latest] = await selectHighest(tx, { gun, role: "timestamp" });
    if (latest?.sha256 !== basis?.sha256) throw outdated("Somebody else has published in the meantime.");
    const added: AddedMetadata[] = [];
    for (const { role, version, content } of documents) {
      const [highest] = role === "timestamp" ? [latest] : await selectHighest(tx, { gun, role });
      if (highest !== undefined && version <= highest.version) {
        throw outdated(`Version ${version} of ${role} is not newer than what is published.`);
      }
      const sha256 = sha256Of(content);
      await insert(tx, { gun, role, version, content, sha256, created_at: now });
      added.push({ role, version, content, sha256, createdAt: now });
    }
    return added;
  }

  /** The first of these GUNs that something is published under; null where there is none. */
  async firstOf(tx: Tx, guns: readonly string[]): Promise<string | null> {
    const row = await tx
      .selectFrom("tuf_metadata")
      .select("gun")
      .where("gun", "in", guns)
      .limit(1)
      .executeTakeFirst();
    return row?.gun ?? null;
  }

  /** Those that something is published under, and that begin with one of these and a slash. */
  async gunsBelow(tx: Tx, prefixes: readonly string[]): Promise<readonly string[]> {
    const rows = await tx
      .selectFrom("tuf_metadata")
      .select("gun")
      .distinct()
      .where((of) => of.or(prefixes.map((prefix) => beginsWith(`${prefix}/`))))
      .execute();
    return rows.map(({ gun }) => gun);
  }

  /** Removes all metadata of exactly that GUN; answers whether there was any. */
  async remove(tx: Tx, gun: string): Promise<boolean> {
    const { numDeletedRows } = await tx.deleteFrom("tuf_metadata").where("gun", "=", gun).executeTakeFirst();
    return numDeletedRows > 0n;
  }
}

/** Character by character, whatever order the engine has texts in. */
function beginsWith(prefix: string) {
  return sql<SqlBool>`substr(gun, 1, ${prefix.length}) = ${prefix}`;
}

function linkTo(gun: string, role: string, sha256: string): string {
  return `${gun}\n${role}\n${sha256}`;
}

interface OfRole {
  readonly gun: string;
  readonly role: string;
}

const select = (on: Reader, { gun, role }: OfRole) =>
  on.selectFrom("tuf_metadata").where("gun", "=", gun).where("role", "=", role);

const selectLatest = statement((on, given: OfRole) =>
  select(on, given).selectAll().orderBy("version", "desc").limit(1),
);
/** Without the content, and at the same cost however many versions there are. */
const selectHighest = statement((on, given: OfRole) =>
  select(on, given).select(["version", "sha256"]).orderBy("version", "desc").limit(1),
);
const selectByHash = statement((on, given: OfRole & { readonly sha256: string }) =>
  select(on, given).selectAll().where("sha256", "=", given.sha256),
);
const selectByVersion = statement((on, given: OfRole & { readonly version: number }) =>
  select(on, given).selectAll().where("version", "=", given.version),
);
const selectOfOthers = statement((on, given: OfRole & { readonly version: number }) =>
  on
    .selectFrom("tuf_metadata")
    .select(["role", "content"])
    .where("gun", "=", given.gun)
    .where("role", ">=", "targets")
    .where("role", "<", "targets0")
    .where("version", "=", given.version)
    .where("role", "!=", given.role),
);
const insert = statement((on, row: TufMetadataTable) =>
  on.insertInto("tuf_metadata").values({
    gun: row.gun,
    role: row.role,
    version: row.version,
    content: row.content,
    sha256: row.sha256,
    created_at: row.created_at,
  }),
);

function stored([row]: readonly TufMetadataTable[]): StoredMetadata | null {
  if (row === undefined) return null;
  return { version: row.version, sha256: row.sha256, content: row.content, createdAt: row.created_at };
}
