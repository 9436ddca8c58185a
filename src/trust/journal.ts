import { type Database, statement, type TufChangeTable, type Tx } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import type { Caller, Clock } from "../kernel/index.ts";
import type { GunNames } from "./guns.ts";
import { projectIdOf } from "./projects.ts";
import type { NewMetadata } from "./store.ts";
import { sha256Of } from "./tuf/hashes.ts";
import { addGunLook } from "./watch/looks.ts";

/** A change as the feed shows it. */
export interface Change {
  readonly id: number;
  readonly gun: string;
  /** The timestamp's version and SHA-256; 0 and empty of a deletion. */
  readonly version: number;
  readonly sha256: string;
  readonly category: "update" | "deletion";
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface ChangeQuery {
  /** Null for the changes of all. */
  readonly gun: string | null;
  /** The last change that is known already; negative for the newest. */
  readonly after: number;
  /** How many at most, at least 1. */
  readonly limit: number;
  /** Those before `after` instead of those that follow. */
  readonly backwards: boolean;
}

/** Writes down what was published and deleted, in the transaction that does it: for the feed, and for the audit log. */
export class Journal {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #names: GunNames;

  constructor(database: Database, audit: AuditLog, clock: Clock, names: GunNames) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
    this.#names = names;
  }

  /** `by` is null where the server signed a timestamp anew of its own accord: news for the feed, nobody's deed. */
  async published(
    tx: Tx,
    gun: string,
    timestamp: NewMetadata,
    by: { readonly caller: Caller; readonly documents: readonly NewMetadata[] } | null,
  ): Promise<void> {
    const { version, content } = timestamp;
    await this.#add(tx, gun, { version, sha256: sha256Of(content), category: "update" });
    if (by === null) return;
    const published = by.documents.map((document) => `${document.role} ${document.version}`).join(", ");
    await this.#record(tx, by.caller, gun, "sign", `Published: ${published}`);
    await this.#askToLook(tx, gun, by.caller);
  }

  async deleted(tx: Tx, gun: string, caller: Caller): Promise<void> {
    await this.#add(tx, gun, { version: 0, sha256: "", category: "deletion" });
    await this.#record(tx, caller, gun, "delete", "Trust data deleted; the server's keys are kept.");
    await this.#askToLook(tx, gun, caller);
  }

  /** A key that will take effect once a root names it. */
  async rotated(gun: string, caller: Caller, role: string, keyId: string): Promise<void> {
    await this.#database.write((tx) =>
      this.#record(tx, caller, gun, "rotate", `New ${role} key of the server's: ${keyId}`),
    );
  }

  /** Oldest first. */
  async changes({ gun, after, limit, backwards }: ChangeQuery): Promise<readonly Change[]> {
    let query = this.#database.read.selectFrom("tuf_change").selectAll();
    if (gun !== null) query = query.where("gun", "=", gun);
    if (!backwards) query = query.where("id", ">", after);
    else if (after >= 0) query = query.where("id", "<", after);
    const rows = await query
      .orderBy("id", backwards ? "desc" : "asc")
      .limit(limit)
      .execute();
    if (backwards) rows.reverse();
    return rows.map(({ id, version, sha256, category, created_at, ...row }) => ({
      id,
      gun: row.gun,
      version,
      sha256,
      category,
      createdAt: created_at,
    }));
  }

  async #add(tx: Tx, gun: string, change: Pick<TufChangeTable, "version" | "sha256" | "category">) {
    await insertChange(tx, { gun, ...change, created_at: this.#clock() });
  }

  /** Tags may have another status now. */
  async #askToLook(tx: Tx, gun: string, caller: Caller): Promise<void> {
    const repository = this.#names.repositoryOf(gun);
    if (repository !== null) await addGunLook(tx, repository, gun, caller);
  }

  async #record(tx: Tx, caller: Caller, gun: string, operation: string, detail: string): Promise<void> {
    const repository = this.#names.repositoryOf(gun);
    const projectId = repository === null ? null : await projectIdOf(tx, repository);
    await this.#audit.record(tx, caller, {
      operation,
      resourceType: "trust",
      resource: gun,
      projectId,
      detail,
    });
  }
}

const insertChange = statement(
  (on, { gun, version, sha256, category, created_at }: Omit<TufChangeTable, "id">) =>
    on.insertInto("tuf_change").values({ gun, version, sha256, category, created_at }),
);
