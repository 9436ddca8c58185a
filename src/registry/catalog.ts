import type { Database } from "../db/index.ts";
import type { NamePage } from "./tags.ts";

/** Which repositories a list may show: all, or those of some projects. */
export type CatalogScope = "all" | { readonly projectIds: readonly number[] };

/** The names of repositories, across projects (Docker's registry API v2, "Catalog"). */
export class Catalog {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Up to `limit` names behind `last`, in ASCII order. */
  async list(scope: CatalogScope, limit: number, last: string | null): Promise<NamePage> {
    let query = this.#database.read
      .selectFrom("repository")
      .select("name")
      .orderBy("name")
      .limit(limit + 1);
    if (last !== null) query = query.where("name", ">", last);
    if (scope !== "all") query = query.where("project_id", "in", [...scope.projectIds]);
    const names = (await query.execute()).map((row) => row.name);
    return { names: names.slice(0, limit), more: names.length > limit };
  }
}
