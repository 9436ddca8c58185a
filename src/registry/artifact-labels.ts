import type { Database } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import { BreakwaterError, type Caller, type Clock } from "../kernel/index.ts";
import type { ArtifactRef } from "./artifacts.ts";

/** Puts labels on artifacts, and takes them off. */
export class ArtifactLabels {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(database: Database, audit: AuditLog, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Throws NOT_FOUND unless the label is a global one or the project's, and CONFLICT when it is on already. */
  async add(caller: Caller, { id, digest, repository }: ArtifactRef, labelId: number): Promise<void> {
    await this.#database.write(async (tx) => {
      const label = await tx
        .selectFrom("label")
        .select(["name", "scope", "project_id"])
        .where("id", "=", labelId)
        .executeTakeFirst();
      if (label === undefined || (label.scope === "p" && label.project_id !== repository.projectId)) {
        throw new BreakwaterError("NOT_FOUND", `The project has no label with the id ${labelId}.`);
      }
      const { numInsertedOrUpdatedRows: added } = await tx
        .insertInto("manifest_label")
        .values({ manifest_id: id, label_id: labelId, created_at: this.#clock() })
        .onConflict((conflict) => conflict.columns(["manifest_id", "label_id"]).doNothing())
        .executeTakeFirstOrThrow();
      if (added === 0n) {
        throw new BreakwaterError("CONFLICT", `The artifact carries the label "${label.name}" already.`);
      }
      await this.#audit.record(tx, caller, {
        operation: "update",
        resourceType: "artifact",
        resource: `${repository.name}@${digest}`,
        projectId: repository.projectId,
        detail: `label "${label.name}" added`,
      });
    });
  }

  /** Throws NOT_FOUND when the artifact does not carry it. */
  async remove(caller: Caller, { id, digest, repository }: ArtifactRef, labelId: number): Promise<void> {
    await this.#database.write(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom("manifest_label")
        .where("manifest_id", "=", id)
        .where("label_id", "=", labelId)
        .executeTakeFirstOrThrow();
      if (numDeletedRows === 0n) {
        throw new BreakwaterError("NOT_FOUND", `The artifact carries no label with the id ${labelId}.`);
      }
      await this.#audit.record(tx, caller, {
        operation: "update",
        resourceType: "artifact",
        resource: `${repository.name}@${digest}`,
        projectId: repository.projectId,
        detail: `label ${labelId} removed`,
      });
    });
  }
}
