import type { Principal } from "../access/index.ts";
import { containing, type Database } from "../db/index.ts";
import { projectsOf, visibleTo } from "./visibility.ts";

export interface Counts {
  readonly projects: number;
  readonly repositories: number;
}

export interface FoundRepository {
  readonly name: string;
  readonly projectId: number;
  readonly projectName: string;
  readonly projectPublic: boolean;
  readonly pullCount: number;
  readonly artifactCount: number;
}

/** What can be said of all projects and repositories together. Reads the registry's tables and writes none. */
export class Overview {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The public projects, and the private ones that the principal is a member of or, as admin, sees. */
  async counts(principal: Principal): Promise<{ readonly public: Counts; readonly private: Counts }> {
    const isPublic = this.#counts().where("project.public", "=", 1);
    const isPrivate = this.#counts().where("project.public", "=", 0);
    const none = { projects: 0, repositories: 0 };
    return {
      public: toCounts(await isPublic.executeTakeFirstOrThrow()),
      private:
        principal.kind !== "user"
          ? none
          : toCounts(
              await isPrivate
                .$if(!principal.admin, (all) => all.where("project.id", "in", projectsOf(principal.id)))
                .executeTakeFirstOrThrow(),
            ),
    };
  }

  /** Bytes of all blobs, each counted once. */
  async storageUsed(): Promise<number> {
    const { size } = await this.#database.read
      .selectFrom("blob")
      .select((of) => of.fn.sum<number | string | null>("size").as("size"))
      .where("state", "=", "live")
      .executeTakeFirstOrThrow();
    return Number(size ?? 0);
  }

  /** The repositories whose name contains `text`, of the projects that the principal may know of. */
  async findRepositories(principal: Principal, text: string, limit: number): Promise<FoundRepository[]> {
    const rows = await this.#database.read
      .selectFrom("repository")
      .innerJoin("project", "project.id", "repository.project_id")
      .select([
        "repository.name",
        "project_id",
        "project.name as project_name",
        "public",
        "pull_count",
        "artifact_count",
      ])
      .where(visibleTo(principal))
      .where(containing("repository.name", text))
      .orderBy("repository.name")
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      name: row.name,
      projectId: row.project_id,
      projectName: row.project_name,
      projectPublic: row.public === 1,
      pullCount: row.pull_count,
      artifactCount: row.artifact_count,
    }));
  }

  #counts() {
    return this.#database.read
      .selectFrom("project")
      .leftJoin("repository", "repository.project_id", "project.id")
      .select((of) => [
        of.fn.count("project.id").distinct().as("projects"),
        of.fn.count("repository.id").as("repositories"),
      ]);
  }
}

function toCounts(row: {
  projects: number | string | bigint;
  repositories: number | string | bigint;
}): Counts {
  return { projects: Number(row.projects), repositories: Number(row.repositories) };
}
