import type { Principal } from "../access/index.ts";
import type { Database } from "../db/index.ts";
import { visibleTo } from "../projects/index.ts";
import type { NamePage } from "./tags.ts";

/** The names of repositories, across projects (Docker's registry API v2, "Catalog"). */
export class Catalog {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Up to `limit` names behind `last`, in ASCII order, of the projects that the principal may see. */
  async list(principal: Principal, limit: number, last: string | null): Promise<NamePage> {
    let query = this.#database.read
      .selectFrom("repository")
      .innerJoin("project", "project.id", "repository.project_id")
      .select("repository.name")
      .where(visibleTo(principal))
      .orderBy("repository.name")
      .limit(limit + 1);
    if (last !== null) query = query.where("repository.name", ">", last);
    const names = (await query.execute()).map((row) => row.name);
    return { names: names.slice(0, limit), more: names.length > limit };
  }
}
