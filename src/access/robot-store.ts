import {
  type Columns,
  type ListQuery,
  matching,
  ordering,
  type Page,
  type Reader,
  type RobotTable,
  type Tx,
} from "../db/index.ts";
import { BreakwaterError } from "../kernel/index.ts";
import type { RobotPermission } from "./principal.ts";

/** A robot's row with the generated columns filled in. */
export type RobotRow = Omit<RobotTable, "id"> & { readonly id: number };

/** Harbor's names for what robots can be filtered and sorted by. */
const columns: Columns = {
  id: { column: "id", type: "number" },
  name: { column: "name", type: "text" },
  Level: { column: "level", type: "text" },
  level: { column: "level", type: "text" },
  ProjectID: { column: "project_id", type: "number", nullable: true },
  project_id: { column: "project_id", type: "number", nullable: true },
  description: { column: "description", type: "text" },
  duration: { column: "duration", type: "number" },
  expires_at: { column: "expires_at", type: "time", nullable: true },
  disable: { column: "disabled", type: "flag" },
  creation_time: { column: "created_at", type: "time" },
  update_time: { column: "updated_at", type: "time" },
};

/** By its id, or by its name without the prefix. */
export function selectRobot(
  db: Reader | Tx,
  by: { id: number } | { name: string },
): Promise<RobotRow | undefined> {
  const robots = db.selectFrom("robot").selectAll();
  return (
    "id" in by ? robots.where("id", "=", by.id) : robots.where("name", "=", by.name)
  ).executeTakeFirst();
}

/** The robot's row, or NOT_FOUND. */
export async function requireRobot(db: Reader | Tx, id: number): Promise<RobotRow> {
  const row = await selectRobot(db, { id });
  if (row === undefined || row.level === "scan")
    throw new BreakwaterError("NOT_FOUND", `There is no robot account with the id ${id}.`);
  return row;
}

export async function listRobots(db: Reader, query: ListQuery): Promise<Page<RobotRow>> {
  const matches = db.selectFrom("robot").where(matching(query.criteria, columns));
  const { total } = await matches
    .select((e) => e.fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const items = await matches
    .selectAll()
    .orderBy(ordering(query.sort, columns, [{ field: "id", descending: false }]))
    .limit(query.limit)
    .offset(query.offset)
    .execute();
  return { items, total: Number(total) };
}

/** The permissions of each of the robots, by id. */
export async function selectPermissions(
  db: Reader | Tx,
  ids: readonly number[],
): Promise<ReadonlyMap<number, readonly RobotPermission[]>> {
  const permissions = new Map<number, RobotPermission[]>(ids.map((id) => [id, []]));
  if (ids.length === 0) return permissions;
  const rows = await db.selectFrom("robot_permission").selectAll().where("robot_id", "in", ids).execute();
  for (const { robot_id, ...permission } of rows) permissions.get(robot_id)?.push(permission);
  return permissions;
}

/** Gives a robot these permissions and no others; one that is named twice counts once. */
export async function replacePermissions(
  tx: Tx,
  robotId: number,
  permissions: readonly RobotPermission[],
): Promise<void> {
  await tx.deleteFrom("robot_permission").where("robot_id", "=", robotId).execute();
  for (const { kind, namespace, resource, action } of permissions) {
    await tx
      .insertInto("robot_permission")
      .values({ robot_id: robotId, kind, namespace, resource, action })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
