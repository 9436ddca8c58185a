import type { Tx } from "../db/index.ts";
import type { Metadata } from "./metadata.ts";

/** Keeps each setting under its name; `public` is a column of the project itself. */
export async function saveSettings(tx: Tx, projectId: number, settings: Metadata): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    if (name !== "public") await saveSetting(tx, projectId, name, value);
    else await savePublic(tx, projectId, value === "true");
  }
}

export async function saveSetting(tx: Tx, projectId: number, name: string, value: string): Promise<void> {
  await tx
    .insertInto("project_metadata")
    .values({ project_id: projectId, name, value })
    .onConflict((conflict) => conflict.columns(["project_id", "name"]).doUpdateSet({ value }))
    .execute();
}

/** Answers whether it was there. */
export async function removeSetting(tx: Tx, projectId: number, name: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom("project_metadata")
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

export async function hasSetting(tx: Tx, projectId: number, name: string): Promise<boolean> {
  const row = await tx
    .selectFrom("project_metadata")
    .select("name")
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .executeTakeFirst();
  return row !== undefined;
}

async function savePublic(tx: Tx, projectId: number, isPublic: boolean): Promise<void> {
  await tx
    .updateTable("project")
    .set({ public: isPublic ? 1 : 0 })
    .where("id", "=", projectId)
    .execute();
}
