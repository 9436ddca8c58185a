import type { Database, Tx } from "../db/index.ts";
import { BreakwaterError, type Clock, projectOf, type RepositoryName } from "../kernel/index.ts";
import type { RepositoryRef } from "./links.ts";

/** Finds repositories by name, and makes them when something is pushed to them. */
export class Repositories {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async find(
    name: string,
    reader: Pick<Tx, "selectFrom"> = this.#database.read,
  ): Promise<RepositoryRef | null> {
    const row = await reader
      .selectFrom("repository")
      .select(["id", "project_id"])
      .where("name", "=", name)
      .executeTakeFirst();
    return row === undefined ? null : { id: row.id, projectId: row.project_id, name };
  }

  /** Throws NAME_UNKNOWN. */
  async get(name: string, reader?: Pick<Tx, "selectFrom">): Promise<RepositoryRef> {
    const repository = await this.find(name, reader);
    if (repository === null) {
      throw new BreakwaterError("NAME_UNKNOWN", `There is no repository "${name}". Check its name.`);
    }
    return repository;
  }

  /** The repository, made if it is the first push to it. Throws NAME_UNKNOWN when its project does not exist. */
  async ensure(tx: Tx, name: RepositoryName): Promise<RepositoryRef> {
    const known = await this.find(name, tx);
    if (known !== null) return known;
    const project = await tx
      .selectFrom("project")
      .select("id")
      .where("name", "=", projectOf(name))
      .executeTakeFirst();
    if (project === undefined) {
      throw new BreakwaterError(
        "NAME_UNKNOWN",
        `There is no project "${projectOf(name)}" for the repository "${name}". Create the project first, or push to another.`,
      );
    }
    const now = this.#clock();
    const { id } = await tx
      .insertInto("repository")
      .values({ project_id: project.id, name, description: "", created_at: now, updated_at: now })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ updated_at: now }))
      .returning("id")
      .executeTakeFirstOrThrow();
    return { id, projectId: project.id, name };
  }
}
