import type { Database, ListQuery, Page, Tx } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import { BreakwaterError, type Caller, type Clock, day } from "../kernel/index.ts";
import { equalInConstantTime, mac } from "./keys.ts";
import type { Account, RobotPermission, RobotPrincipal } from "./principal.ts";
import type { NewRobot, Robot, RobotSettings } from "./robot.ts";
import { requireDescription, requireDuration, requirePermissions, requireRobotName } from "./robot-rules.ts";
import {
  listRobots,
  type RobotRow,
  replacePermissions,
  requireRobot,
  selectPermissions,
  selectRobot,
} from "./robot-store.ts";
import { generateSecret, requireStrong } from "./secrets.ts";

export interface RobotOptions {
  /** What the names of robots begin with: `robot$`. */
  readonly prefix: string;
  /** For the HMAC of secrets: 32 bytes. */
  readonly key: Uint8Array;
}

const secretLength = 32;

/** Accounts of machines. Every change is recorded in the transaction that makes it. */
export class Robots {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #options: RobotOptions;

  constructor(database: Database, audit: AuditLog, clock: Clock, options: RobotOptions) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
    this.#options = options;
  }

  /** Answers the robot and its secret, which cannot be read again. Throws BAD_REQUEST or CONFLICT. */
  async create(caller: Caller, wanted: NewRobot): Promise<{ robot: Robot; secret: string }> {
    const { name: ownName, project, permissions, description, duration } = wanted;
    requireRobotName(ownName);
    requireDescription(description);
    requireDuration(duration);
    requirePermissions(permissions, project?.name ?? null);
    const name = project === null ? ownName : `${project.name}+${ownName}`;
    const secret = generateSecret(secretLength);
    const now = this.#clock();
    const values = {
      name,
      level: project === null ? ("system" as const) : ("project" as const),
      project_id: project?.id ?? null,
      description,
      secret_hash: this.#hash(secret),
      duration,
      expires_at: expiry(now, duration),
      disabled: wanted.disabled ? 1 : 0,
      creator: caller.name,
      created_at: now,
      updated_at: now,
    };
    const robot = await this.#database.write(async (tx) => {
      if ((await selectRobot(tx, { name })) !== undefined) {
        throw new BreakwaterError(
          "CONFLICT",
          `There is a robot account ${this.#options.prefix}${name} already.`,
        );
      }
      const row = await tx.insertInto("robot").values(values).returningAll().executeTakeFirstOrThrow();
      await replacePermissions(tx, row.id, permissions);
      await this.#record(tx, caller, "create", row);
      return this.#toRobot(row, permissions);
    });
    return { robot, secret };
  }

  /** Throws NOT_FOUND. */
  async get(id: number): Promise<Robot> {
    const row = await requireRobot(this.#database.read, id);
    return this.#toRobot(row, await this.#permissionsOf(id));
  }

  /** Fields: id, name (without prefix), level, project_id, disable, creation_time … and Harbor's Level, ProjectID. */
  async list(query: ListQuery): Promise<Page<Robot>> {
    const { items, total } = await listRobots(this.#database.read, query);
    const permissions = await selectPermissions(
      this.#database.read,
      items.map((row) => row.id),
    );
    return { items: items.map((row) => this.#toRobot(row, permissions.get(row.id) ?? [])), total };
  }

  /** The expiry is counted from the robot's creation, as in Harbor. Throws BAD_REQUEST or NOT_FOUND. */
  async update(caller: Caller, id: number, settings: RobotSettings): Promise<void> {
    const { description, duration, disabled, permissions } = settings;
    requireDescription(description);
    requireDuration(duration);
    await this.#change(caller, id, "changed its settings", async (tx, row) => {
      requirePermissions(permissions, row.level === "project" ? projectIn(row.name) : null);
      await replacePermissions(tx, id, permissions);
      const expires_at = duration === row.duration ? row.expires_at : expiry(row.created_at, duration);
      return { description, duration, expires_at, disabled: disabled ? 1 : 0 };
    });
  }

  /** Sets the given secret, or a new one, which is answered. Throws BAD_REQUEST for a weak one, or NOT_FOUND. */
  async refreshSecret(caller: Caller, id: number, given?: string): Promise<string> {
    if (given !== undefined) requireStrong(given, "secret");
    const secret = given ?? generateSecret(secretLength);
    const secret_hash = this.#hash(secret);
    await this.#change(caller, id, "changed its secret", async () => ({ secret_hash }));
    return secret;
  }

  /** Throws NOT_FOUND. */
  async delete(caller: Caller, id: number): Promise<void> {
    await this.#database.write(async (tx) => {
      const row = await requireRobot(tx, id);
      await tx.deleteFrom("robot").where("id", "=", id).execute();
      await this.#record(tx, caller, "delete", row);
    });
  }

  /**
   * Takes a project that is being deleted from the robots: its own go, others lose their permissions in it, so
   * that a later project of the same name starts with nobody's rights.
   */
  async forgetProject(tx: Tx, project: { readonly id: number; readonly name: string }): Promise<void> {
    await tx.deleteFrom("robot").where("project_id", "=", project.id).execute();
    await tx
      .deleteFrom("robot_permission")
      .where("kind", "=", "project")
      .where("namespace", "=", project.name)
      .execute();
  }

  /**
   * The robot of this name, if the secret is right; null when it is wrong or there is no such robot. Who has
   * the secret of one that is disabled or has expired is told so: UNAUTHORIZED.
   */
  async authenticate(name: string, secret: string): Promise<Account<RobotPrincipal> | null> {
    const { prefix } = this.#options;
    if (!name.startsWith(prefix)) return null;
    const row = await selectRobot(this.#database.read, { name: name.slice(prefix.length) });
    if (row === undefined || !equalInConstantTime(row.secret_hash, this.#hash(secret))) return null;
    if (row.disabled === 1) {
      throw new BreakwaterError("UNAUTHORIZED", `The robot account ${name} is disabled.`);
    }
    if (row.expires_at !== null && row.expires_at <= this.#clock()) {
      const when = new Date(row.expires_at).toISOString();
      throw new BreakwaterError("UNAUTHORIZED", `The robot account ${name} expired at ${when}.`);
    }
    return this.#toAccount(row);
  }

  /** The account as it stands; null when it is deleted or disabled. */
  async account(id: number): Promise<Account<RobotPrincipal> | null> {
    const row = await selectRobot(this.#database.read, { id });
    return row === undefined || row.disabled === 1 ? null : this.#toAccount(row);
  }

  async #toAccount(row: RobotRow): Promise<Account<RobotPrincipal>> {
    const { id, name, permissions } = this.#toRobot(row, await this.#permissionsOf(row.id));
    return {
      principal: { kind: "robot", id, name, permissions },
      proof: row.secret_hash,
      expiresAt: row.expires_at,
    };
  }

  #toRobot(row: RobotRow, permissions: readonly RobotPermission[]): Robot {
    return {
      id: row.id,
      name: this.#options.prefix + row.name,
      level: row.level === "project" ? "project" : "system",
      projectId: row.project_id,
      description: row.description,
      duration: row.duration,
      expiresAt: row.expires_at,
      disabled: row.disabled === 1,
      creator: row.creator,
      permissions,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    };
  }

  async #permissionsOf(id: number): Promise<readonly RobotPermission[]> {
    return (await selectPermissions(this.#database.read, [id])).get(id) ?? [];
  }

  async #change(
    caller: Caller,
    id: number,
    detail: string,
    change: (tx: Tx, row: RobotRow) => Promise<Partial<Omit<RobotRow, "id">>>,
  ): Promise<void> {
    await this.#database.write(async (tx) => {
      const row = await requireRobot(tx, id);
      const values = { ...(await change(tx, row)), updated_at: this.#clock() };
      await tx.updateTable("robot").set(values).where("id", "=", id).execute();
      await this.#record(tx, caller, "update", row, detail);
    });
  }

  #record(tx: Tx, caller: Caller, operation: string, row: RobotRow, detail?: string): Promise<void> {
    const resource = this.#options.prefix + row.name;
    const event = { operation, resourceType: "robot", resource, projectId: row.project_id };
    return this.#audit.record(tx, caller, detail === undefined ? event : { ...event, detail });
  }

  #hash(secret: string): string {
    return mac(this.#options.key, secret, "hex");
  }
}

function expiry(createdAt: number, duration: number): number | null {
  return duration === -1 ? null : createdAt + duration * day;
}

/** The project in a project robot's stored name, `project+robot`. */
function projectIn(name: string): string {
  return name.slice(0, name.indexOf("+"));
}
