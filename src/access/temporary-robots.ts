import type { Database, Tx } from "../db/index.ts";
import type { Clock } from "../kernel/index.ts";
import { mac } from "./keys.ts";
import type { RobotPermission } from "./principal.ts";
import { replacePermissions } from "./robot-store.ts";
import type { RobotOptions } from "./robots.ts";
import { generateSecret } from "./secrets.ts";

/** Credentials for one piece of work that somebody else does. */
export interface TemporaryRobot {
  readonly id: number;
  /** As the client writes it, with its prefix. */
  readonly name: string;
  /** Letters and digits: some clients part name and secret at every colon. */
  readonly secret: string;
}

const secretLength = 32;

/**
 * Robots that the server makes for a scanner and takes back when the scan has ended. Nobody is shown them, and nobody
 * can change them; what they do is in the audit log under their names.
 */
export class TemporaryRobots {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #options: RobotOptions;

  constructor(database: Database, clock: Clock, options: RobotOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#options = options;
  }

  /** Makes the robot, in place of one of that name; after `lifetime`, in milliseconds, it may do nothing. */
  async lend(
    name: string,
    permissions: readonly RobotPermission[],
    lifetime: number,
  ): Promise<TemporaryRobot> {
    const { key, prefix } = this.#options;
    const secret = generateSecret(secretLength);
    const now = this.#clock();
    return this.#database.write(async (tx) => {
      await remove(tx, name);
      const { id } = await tx
        .insertInto("robot")
        .values({
          name,
          level: "scan",
          project_id: null,
          description: "",
          secret_hash: mac(key, secret, "hex"),
          duration: -1,
          expires_at: now + lifetime,
          disabled: 0,
          creator: "system",
          created_at: now,
          updated_at: now,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      await replacePermissions(tx, id, permissions);
      return { id, name: prefix + name, secret };
    });
  }

  /** Removes the robot, if it is still there. `name` is without the prefix. */
  async takeBack(name: string): Promise<void> {
    await this.#database.write((tx) => remove(tx, name));
  }

  /** Removes those whose time is over, which a process that died has left. */
  async purge(): Promise<void> {
    await this.#database.write((tx) =>
      tx.deleteFrom("robot").where("level", "=", "scan").where("expires_at", "<", this.#clock()).execute(),
    );
  }
}

async function remove(tx: Tx, name: string): Promise<void> {
  await tx.deleteFrom("robot").where("level", "=", "scan").where("name", "=", name).execute();
}
