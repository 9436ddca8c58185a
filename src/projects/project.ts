import type { Reader, Tx } from "../db/index.ts";
import { isMetadataName, type Metadata } from "./metadata.ts";

/** The CVEs that a project's vulnerability policy overlooks. */
export interface CveAllowlist {
  readonly cveIds: readonly string[];
  /** Seconds since 1970; null for never. */
  readonly expiresAt: number | null;
}

/** Times are milliseconds since 1970, storage is in bytes. */
export interface Project {
  readonly id: number;
  readonly name: string;
  readonly ownerId: number;
  readonly ownerName: string;
  readonly public: boolean;
  /** -1 for no limit. */
  readonly storageLimit: number;
  readonly storageUsed: number;
  readonly repositoryCount: number;
  readonly metadata: Metadata;
  readonly allowlist: CveAllowlist;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Under which name the allowlist lies among the metadata, where clients do not see it. */
export const allowlistName = "cve_allowlist";

/** Projects without their metadata, to be narrowed and given to `readProjects`. */
export function selectProjects(database: Reader | Tx) {
  return database
    .selectFrom("project")
    .leftJoin("user_account as owner", "owner.id", "project.owner_id")
    .selectAll("project")
    .select("owner.username as owner_name")
    .select((select) =>
      select
        .selectFrom("repository")
        .select((of) => of.fn.countAll().as("count"))
        .whereRef("repository.project_id", "=", "project.id")
        .as("repository_count"),
    );
}

/** Runs the query and adds what the projects' metadata says. */
export async function readProjects(
  database: Reader | Tx,
  query: ReturnType<typeof selectProjects>,
): Promise<Project[]> {
  const rows = await query.execute();
  if (rows.length === 0) return [];
  const metadata = new Map<number, Record<string, string>>(rows.map((row) => [row.id, {}]));
  const settings = await database
    .selectFrom("project_metadata")
    .selectAll()
    .where("project_id", "in", [...metadata.keys()])
    .orderBy("name")
    .execute();
  for (const { project_id, name, value } of settings) {
    const ofProject = metadata.get(project_id);
    if (ofProject !== undefined) ofProject[name] = value;
  }
  return rows.map((row) => {
    const settingsOf = metadata.get(row.id) ?? {};
    return {
      id: row.id,
      name: row.name,
      ownerId: row.owner_id,
      ownerName: row.owner_name ?? "",
      public: row.public === 1,
      storageLimit: row.storage_limit,
      storageUsed: row.storage_used,
      repositoryCount: Number(row.repository_count),
      metadata: {
        public: String(row.public === 1),
        ...Object.fromEntries(Object.entries(settingsOf).filter(([name]) => isMetadataName(name))),
      },
      allowlist: parseAllowlist(settingsOf[allowlistName]),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    };
  });
}

function parseAllowlist(stored: string | undefined): CveAllowlist {
  return stored === undefined ? { cveIds: [], expiresAt: null } : (JSON.parse(stored) as CveAllowlist);
}
