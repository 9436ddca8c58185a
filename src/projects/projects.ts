import type { Principal, Robots } from "../access/index.ts";
import {
  type Columns,
  type Database,
  type ListQuery,
  matching,
  ordering,
  type Page,
  type Tx,
} from "../db/index.ts";
import type { AuditLog, Events } from "../events/index.ts";
import { BreakwaterError, type Caller, type Clock, isRefusal, systemCaller } from "../kernel/index.ts";
import { type Metadata, mayBeEmpty, normaliseMetadata } from "./metadata.ts";
import { allowlistName, type CveAllowlist, type Project, readProjects, selectProjects } from "./project.ts";
import { type ProjectKey, projectNotFound } from "./rights.ts";
import { type RoleId, type RoleName, roleName, roles } from "./roles.ts";
import { hasSetting, removeSetting, saveSetting, saveSettings } from "./settings.ts";
import { requireStorageLimit } from "./storage-limit.ts";
import { visibleTo } from "./visibility.ts";

export interface NewProject {
  readonly name: string;
  /** The user who becomes its first project admin. */
  readonly ownerId: number;
  /** Bytes, -1 for no limit. */
  readonly storageLimit: number;
  /** Private unless it says `public: "true"`. Empty values count as absent. */
  readonly metadata: Metadata;
}

export interface ProjectChange {
  readonly metadata?: Metadata;
  readonly allowlist?: CveAllowlist;
}

/** Harbor's grammar (goharbor/harbor, src/pkg/project/manager.go). */
const namePattern = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
const maxNameLength = 255;

const columns: Columns = {
  project_id: { column: "project.id", type: "number" },
  name: { column: "project.name", type: "text" },
  owner_id: { column: "project.owner_id", type: "number" },
  owner: { column: "owner.username", type: "text", nullable: true },
  public: { column: "project.public", type: "flag" },
  creation_time: { column: "project.created_at", type: "time" },
  update_time: { column: "project.updated_at", type: "time" },
};

/** Projects and their settings. Who may do what with them is for `Rights` to say, before these are called. */
export class Projects {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #robots: Pick<Robots, "forgetProject">;
  readonly #events: Events;
  readonly #hosts: readonly string[];

  constructor(
    database: Database,
    audit: AuditLog,
    clock: Clock,
    robots: Pick<Robots, "forgetProject">,
    events: Events,
    hosts: readonly string[],
  ) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
    this.#robots = robots;
    this.#events = events;
    this.#hosts = hosts;
  }

  /**
   * Throws BAD_REQUEST for a name, limit or setting that is not valid or a name that is one of the server's hosts,
   * CONFLICT where the name is taken.
   */
  async create(caller: Caller, project: NewProject): Promise<Project> {
    requireName(project.name);
    this.#requireNoHost(project.name);
    const limit = requireStorageLimit(project.storageLimit);
    const { public: isPublic, ...settings } = normaliseAll(project.metadata);
    const now = this.#clock();
    const id = await this.#database.write(async (tx) => {
      const row = await tx
        .insertInto("project")
        .values({
          name: project.name,
          owner_id: project.ownerId,
          public: isPublic === "true" ? 1 : 0,
          storage_limit: limit,
          storage_used: 0,
          created_at: now,
          updated_at: now,
        })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .returning("id")
        .executeTakeFirst();
      if (row === undefined) {
        throw new BreakwaterError("CONFLICT", `The project named ${project.name} already exists.`);
      }
      await tx
        .insertInto("project_member")
        .values({
          project_id: row.id,
          entity_type: "u",
          entity_id: project.ownerId,
          role_id: roles.projectAdmin,
          created_at: now,
          updated_at: now,
        })
        .execute();
      await saveSettings(tx, row.id, settings);
      await this.#audit.record(tx, caller, {
        operation: "create",
        resourceType: "project",
        resource: project.name,
        projectId: row.id,
      });
      return row.id;
    });
    return this.get({ id });
  }

  /** Its repositories would be called like the trust data of everybody else's, which nobody could sign any more. */
  #requireNoHost(name: string): void {
    if (!this.#hosts.includes(name)) return;
    throw new BreakwaterError(
      "BAD_REQUEST",
      `"${name}" is the name of this server itself, which no project can have. Choose another name.`,
    );
  }

  /** Throws NOT_FOUND. */
  async get(key: ProjectKey): Promise<Project> {
    const { read } = this.#database;
    const query = selectProjects(read);
    const [project] = await readProjects(
      read,
      "id" in key ? query.where("project.id", "=", key.id) : query.where("project.name", "=", key.name),
    );
    if (project === undefined) throw projectNotFound(key);
    return project;
  }

  /** The projects that the principal may know of, by name unless asked otherwise. */
  async list(principal: Principal, query: ListQuery): Promise<Page<Project>> {
    const { read } = this.#database;
    const condition = matching(query.criteria, columns);
    const { total } = await read
      .selectFrom("project")
      .leftJoin("user_account as owner", "owner.id", "project.owner_id")
      .select((of) => of.fn.countAll().as("total"))
      .where(visibleTo(principal))
      .where(condition)
      .executeTakeFirstOrThrow();
    const items = await readProjects(
      read,
      selectProjects(read)
        .where(visibleTo(principal))
        .where(condition)
        .orderBy(ordering(query.sort, columns, [{ field: "name", descending: false }]))
        .limit(query.limit)
        .offset(query.offset),
    );
    return { items, total: Number(total) };
  }

  /** Changes the settings that are given and leaves the others. Throws BAD_REQUEST, NOT_FOUND. */
  async update(caller: Caller, id: number, change: ProjectChange): Promise<void> {
    const settings = normaliseAll(change.metadata ?? {});
    const detail = describe(settings, change.allowlist);
    await this.#change(caller, id, detail, async (tx) => {
      await saveSettings(tx, id, settings);
      if (change.allowlist !== undefined) {
        await saveSetting(tx, id, allowlistName, JSON.stringify(change.allowlist));
      }
    });
  }

  /** Throws CONFLICT when the setting is there already, BAD_REQUEST, NOT_FOUND. */
  async addMetadata(caller: Caller, id: number, name: string, value: string): Promise<void> {
    const kept = normaliseMetadata(name, value);
    await this.#change(caller, id, `${name} = ${kept}`, async (tx) => {
      if (name === "public" || (await hasSetting(tx, id, name))) {
        throw new BreakwaterError("CONFLICT", `The metadata ${name} is there already; update it.`);
      }
      await saveSetting(tx, id, name, kept);
    });
  }

  /** Throws NOT_FOUND when the setting is not there, BAD_REQUEST. */
  async updateMetadata(caller: Caller, id: number, name: string, value: string): Promise<void> {
    const kept = normaliseMetadata(name, value);
    await this.#change(caller, id, `${name} = ${kept}`, async (tx) => {
      if (name !== "public" && !(await hasSetting(tx, id, name))) throw metadataNotFound(name);
      await saveSettings(tx, id, { [name]: kept });
    });
  }

  /** A project without `public` is private. Throws NOT_FOUND when the setting is not there. */
  async removeMetadata(caller: Caller, id: number, name: string): Promise<void> {
    await this.#change(caller, id, `${name} removed`, async (tx) => {
      if (name === "public") return saveSettings(tx, id, { public: "false" });
      const removed = name !== allowlistName && (await removeSetting(tx, id, name));
      if (!removed) throw metadataNotFound(name);
    });
  }

  /** Throws PRECONDITION while the project has repositories, NOT_FOUND. */
  async delete(caller: Caller, id: number): Promise<void> {
    await this.#database.write(async (tx) => {
      const [project] = await readProjects(tx, selectProjects(tx).where("project.id", "=", id));
      if (project === undefined) throw projectNotFound({ id });
      const obstacle = obstacleToDeletion(project);
      if (obstacle !== null) throw new BreakwaterError("PRECONDITION", obstacle);
      await this.#robots.forgetProject(tx, project);
      await this.#events.emit(tx, "projectDeleted", { name: project.name, caller });
      await tx.deleteFrom("label").where("scope", "=", "p").where("project_id", "=", id).execute();
      await tx.deleteFrom("project").where("id", "=", id).execute();
      await this.#audit.record(tx, caller, {
        operation: "delete",
        resourceType: "project",
        resource: project.name,
        projectId: id,
      });
    });
  }

  /** How many members have each role. */
  async memberCounts(id: number): Promise<Readonly<Record<RoleName, number>>> {
    const rows = await this.#database.read
      .selectFrom("project_member")
      .innerJoin("user_account", "user_account.id", "project_member.entity_id")
      .select((of) => ["role_id", of.fn.countAll().as("count")])
      .where("project_id", "=", id)
      .where("entity_type", "=", "u")
      .where("deleted_at", "is", null)
      .groupBy("role_id")
      .execute();
    const counts = { projectAdmin: 0, developer: 0, guest: 0, maintainer: 0, limitedGuest: 0 };
    for (const row of rows) counts[roleName(row.role_id as RoleId)] = Number(row.count);
    return counts;
  }

  /** The public project `library`, which every registry has from its first start. */
  async ensureLibrary(ownerId: number): Promise<void> {
    const library = { name: "library", ownerId, storageLimit: -1, metadata: { public: "true" } };
    const exists = await this.#database.read
      .selectFrom("project")
      .select("id")
      .where("name", "=", library.name)
      .executeTakeFirst();
    if (exists !== undefined) return;
    try {
      await this.create(systemCaller, library);
    } catch (error) {
      // Another process of this registry was quicker.
      if (!isRefusal(error, "CONFLICT")) throw error;
    }
  }

  async #change(caller: Caller, id: number, detail: string, work: (tx: Tx) => Promise<void>): Promise<void> {
    await this.#database.write(async (tx) => {
      const project = await tx
        .updateTable("project")
        .set({ updated_at: this.#clock() })
        .where("id", "=", id)
        .returning("name")
        .executeTakeFirst();
      if (project === undefined) throw projectNotFound({ id });
      await work(tx);
      await this.#audit.record(tx, caller, {
        operation: "update",
        resourceType: "project",
        resource: project.name,
        projectId: id,
        detail,
      });
    });
  }
}

/** Why the project cannot be deleted; null when it can. */
export function obstacleToDeletion(project: Project): string | null {
  const count = project.repositoryCount;
  if (count === 0) return null;
  const repositories = count === 1 ? "1 repository" : `${count} repositories`;
  return `The project ${project.name} contains ${repositories} and cannot be deleted; delete them first.`;
}

function requireName(name: string): void {
  if (name.length <= maxNameLength && namePattern.test(name)) return;
  throw new BreakwaterError(
    "BAD_REQUEST",
    `"${name.slice(0, 160)}" is not a project name: expected 1 to ${maxNameLength} lower-case letters and digits, separated by single . _ or -.`,
  );
}

function normaliseAll(metadata: Metadata): Record<string, string> {
  const given = Object.entries(metadata).filter(([name, value]) => value !== "" || mayBeEmpty(name));
  return Object.fromEntries(given.map(([name, value]) => [name, normaliseMetadata(name, value)]));
}

function describe(settings: Metadata, allowlist: CveAllowlist | undefined): string {
  const changes = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  if (allowlist !== undefined) changes.push(`${allowlist.cveIds.length} CVEs allowed`);
  return changes.join(", ") || "nothing changed";
}

function metadataNotFound(name: string): BreakwaterError {
  return new BreakwaterError("NOT_FOUND", `The project has no metadata ${name.slice(0, 80)}.`);
}
