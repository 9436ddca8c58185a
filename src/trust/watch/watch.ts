import type { Database, TagTrustTable, Tx } from "../../db/index.ts";
import type { Events, TagAlarm, TagsMoved } from "../../events/index.ts";
import { type Clock, parseRepositoryName } from "../../kernel/index.ts";
import type { GunNames } from "../guns.ts";
import type { TagWithStatus, TrustOverview } from "../overview.ts";
import type { TrustStatuses } from "../status.ts";
import type { Verification } from "../verification.ts";
import type { Expiries } from "./expiries.ts";
import {
  addTagLooks,
  endLook,
  type GunLook,
  isOpen,
  type Look,
  movedTags,
  newestLook,
  nextLook,
  type TagLook,
} from "./looks.ts";
import { Retries } from "./retries.ts";
import { alarmsOfDeleted, changesAmong, remember, tagId } from "./troubles.ts";

export interface WatchOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly events: Events;
  readonly names: GunNames;
  readonly verification: Verification;
  readonly statuses: TrustStatuses;
  readonly overview: TrustOverview;
  readonly expiries: Expiries;
}

/**
 * Notices when a tag that is signed comes to point to something else, by a push or by what is published, and when
 * signatures end. Whoever changes something leaves a note in the same transaction; the notes are worked off right
 * after, by whichever process comes first, and each change of a tag's status raises one alarm.
 */
export class TrustWatch {
  readonly #options: WatchOptions;
  readonly #retries: Retries;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#retries = new Retries(options.clock);
  }

  /** Leaves a note of tags that were moved, where there is trust data that may say something of them. */
  async note(tx: Tx, moved: TagsMoved): Promise<void> {
    const published = await tx
      .selectFrom("tuf_metadata")
      .select("gun")
      .where("gun", "in", this.#options.names.gunsOf(moved.repository))
      .limit(1)
      .executeTakeFirst();
    if (published !== undefined) await addTagLooks(tx, moved);
  }

  /** How many tags were last seen like that. */
  async count(state: TagTrustTable["state"]): Promise<number> {
    const { count } = await this.#options.database.read
      .selectFrom("tag_trust")
      .select((of) => of.fn.countAll().as("count"))
      .where("state", "=", state)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /**
   * Works off the notes that are there; answers the alarms that were raised. One that fails stays, to be tried
   * again after a pause, and the others go on. Those that come meanwhile are for the next time: where much is published,
   * much is looked at together.
   */
  async work(): Promise<readonly TagAlarm[]> {
    const { database } = this.#options;
    const alarms: TagAlarm[] = [];
    const failures: unknown[] = [];
    const newest = await newestLook(database.read);
    let look = await nextLook(database.read, 0, newest);
    while (look !== null) {
      // What is published after that, nobody has looked at yet.
      const id = look.kind === "tag" ? look.id : look.through;
      try {
        if (this.#retries.isDue(id)) {
          alarms.push(...(await (look.kind === "tag" ? this.#lookAtTag(look) : this.#lookAtAll(look))));
        }
      } catch (error) {
        this.#retries.failed(id);
        failures.push(error);
      }
      look = await nextLook(database.read, look.id, newest);
    }
    if (failures.length > 0) throw new AggregateError(failures, "Trust data could not be looked at.");
    return alarms;
  }

  /** What the tag was pointed to counts, whatever happened to it since: that is for a later look to tell. */
  async #lookAtTag(look: TagLook): Promise<readonly TagAlarm[]> {
    const { database, statuses } = this.#options;
    const { repository, tag, digest, caller } = look;
    const [status = { state: "unsigned" }] = await statuses.of(repository, [{ tag, digest }]);
    return database.write(async (tx) => {
      if (!(await endLook(tx, look))) return [];
      const id = await tagId(tx, repository, tag);
      return id === null
        ? this.#raise(tx, alarmsOfDeleted(repository, caller, { tag, digest, status }))
        : this.#settle(tx, look, [{ id, tag, digest, status }]);
    });
  }

  async #lookAtAll(look: GunLook): Promise<readonly TagAlarm[]> {
    const { database, overview, verification, expiries } = this.#options;
    const alarms: TagAlarm[] = [];
    for await (const page of overview.tags(look.repository)) {
      // Most often nothing has changed, and nothing needs to be written.
      if ((await changesAmong(database.read, page)).length === 0) continue;
      const raised = await database.write(async (tx) => {
        // What was seen is out of date then.
        if (!(await isOpen(tx, look))) return null;
        // Who moved a tag is to be named for it, not who published meanwhile.
        const moved = await movedTags(tx, look.repository);
        return this.#settle(
          tx,
          look,
          page.filter(({ tag }) => !moved.has(tag)),
        );
      });
      if (raised === null) return alarms;
      alarms.push(...raised);
    }
    const verified = await verification.of(look.gun);
    await database.write(async (tx) => {
      if (!(await endLook(tx, look))) return;
      const repository = parseRepositoryName(look.repository);
      // What cannot be verified says nothing of when it expires.
      if (verified === null) await expiries.remember(tx, look.gun, repository, null);
      else if ("targets" in verified) await expiries.remember(tx, look.gun, repository, verified.targets);
    });
    return alarms;
  }

  async #settle(tx: Tx, look: Look, tags: readonly TagWithStatus[]): Promise<readonly TagAlarm[]> {
    const changes = await changesAmong(tx, tags);
    const alarms = await remember(tx, look.repository, look.caller, changes, this.#options.clock());
    return this.#raise(tx, alarms);
  }

  async #raise(tx: Tx, alarms: readonly TagAlarm[]): Promise<readonly TagAlarm[]> {
    for (const alarm of alarms) await this.#options.events.emit(tx, "trustAlarm", alarm);
    return alarms;
  }
}
