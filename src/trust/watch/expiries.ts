import type { Principal } from "../../access/index.ts";
import type { Database, ListQuery, Page, TufExpiryTable, Tx } from "../../db/index.ts";
import type { Events, ExpiryAlarm } from "../../events/index.ts";
import { type Clock, day, projectOf, type RepositoryName, systemCaller } from "../../kernel/index.ts";
import { visibleTo } from "../../projects/index.ts";
import type { VerifiedTargets } from "../verified-targets.ts";
import { expiryMessage } from "./expiry-message.ts";
import { addGunLook } from "./looks.ts";

/** How long ahead of the end of metadata people are told. */
export const warningTime = 30 * day;

/** Shown with a page of repositories. */
const maxWarnings = 1_000;

/** Metadata that will expire soon, or has expired. */
export interface ExpiryWarning {
  readonly gun: string;
  readonly repository: string;
  readonly role: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** A sentence for people. */
  readonly message: string;
}

/** Knows when metadata expires that only people can sign anew, and tells of it once, ahead of time. */
export class Expiries {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #events: Events;

  constructor(database: Database, clock: Clock, events: Events) {
    this.#database = database;
    this.#clock = clock;
    this.#events = events;
  }

  /** What has expired or will within `time`, the soonest first, at most `limit`. */
  async soonest(time: number, limit: number): Promise<readonly ExpiryWarning[]> {
    const rows = await this.#before(time).selectAll().limit(limit).execute();
    return rows.map(toWarning);
  }

  /** What people should be warned of in these repositories, the soonest first; of very many only the first. */
  async warnings(repositories: readonly string[]): Promise<readonly ExpiryWarning[]> {
    if (repositories.length === 0) return [];
    const rows = await this.#before(warningTime)
      .selectAll()
      .where("repository", "in", repositories)
      .limit(maxWarnings)
      .execute();
    return rows.map(toWarning);
  }

  /** What the principal should be warned of, in the projects that they may know of. */
  async visibleWarnings(
    principal: Principal,
    { limit, offset }: Pick<ListQuery, "limit" | "offset">,
  ): Promise<Page<ExpiryWarning>> {
    const visible = this.#before(warningTime).where("project", "in", (of) =>
      of.selectFrom("project").select("project.name").where(visibleTo(principal)),
    );
    const { total } = await visible
      .clearOrderBy()
      .select((of) => of.fn.countAll().as("total"))
      .executeTakeFirstOrThrow();
    const rows = await visible.selectAll().limit(limit).offset(offset).execute();
    return { items: rows.map(toWarning), total: Number(total) };
  }

  /** Remembers when the GUN's metadata expires; nothing of it where `targets` is null. */
  async remember(tx: Tx, gun: string, repository: RepositoryName, targets: VerifiedTargets | null) {
    const ends = targets === null ? [] : endsOf(targets);
    const known = await tx.selectFrom("tuf_expiry").selectAll().where("gun", "=", gun).execute();
    const flags = new Map(known.map((row) => [row.role, row]));
    await tx.deleteFrom("tuf_expiry").where("gun", "=", gun).execute();
    for (const [role, expires_at] of ends) {
      const before = flags.get(role);
      const { warned, ended } = before?.expires_at === expires_at ? before : { warned: 0, ended: 0 };
      const project = projectOf(repository);
      await tx
        .insertInto("tuf_expiry")
        .values({ gun, role, repository, project, expires_at, warned, ended })
        .execute();
    }
  }

  /** Warns of what is near its end, and has those tags looked at whose signatures have ended. */
  async sweep(): Promise<readonly ExpiryAlarm[]> {
    const alarms: ExpiryAlarm[] = [];
    for (const row of await this.#before(warningTime).selectAll().where("warned", "=", 0).execute()) {
      const alarm = await this.#database.write((tx) => this.#warn(tx, row));
      if (alarm !== null) alarms.push(alarm);
    }
    for (const row of await this.#before(0).selectAll().where("ended", "=", 0).execute()) {
      await this.#database.write(async (tx) => {
        const first = await mark(tx, row, { ended: 1 });
        if (first) await addGunLook(tx, row.repository, row.gun, systemCaller);
      });
    }
    return alarms;
  }

  /** Null when another process has done so, or the metadata was published anew. */
  async #warn(tx: Tx, row: TufExpiryTable): Promise<ExpiryAlarm | null> {
    if (!(await mark(tx, row, { warned: 1 }))) return null;
    const { gun, repository, role, expires_at } = row;
    const alarm = {
      kind: "expiring",
      gun,
      repository,
      role,
      expiresAt: expires_at,
      caller: systemCaller,
    } as const;
    await this.#events.emit(tx, "trustAlarm", alarm);
    return alarm;
  }

  #before(time: number) {
    return this.#database.read
      .selectFrom("tuf_expiry")
      .where("expires_at", "<", this.#clock() + time)
      .orderBy("expires_at")
      .orderBy("gun")
      .orderBy("role");
  }
}

function endsOf({ expiresAt, roles }: VerifiedTargets): readonly (readonly [string, number])[] {
  return [["root", expiresAt], ...[...roles.values()].map((role) => [role.role, role.ownExpiresAt] as const)];
}

/** False when it is marked already, or no longer as it was. */
async function mark(tx: Tx, row: TufExpiryTable, flag: { warned: 1 } | { ended: 1 }): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("tuf_expiry")
    .set(flag)
    .where("gun", "=", row.gun)
    .where("role", "=", row.role)
    .where("expires_at", "=", row.expires_at)
    .where("warned" in flag ? "warned" : "ended", "=", 0)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

function toWarning({ gun, repository, role, expires_at }: TufExpiryTable): ExpiryWarning {
  return { gun, repository, role, expiresAt: expires_at, message: expiryMessage(role, expires_at) };
}
