import { sql } from "kysely";
import type { Database, Tx } from "../database.ts";
import { columnTypes } from "./column-types.ts";

type Column = [name: string, type: "id" | "text" | "integer" | "bytes", constraint?: string];

/** The schema that version 0.1 starts with. A shipped migration is never edited; a later one changes it. */
export async function foundation(tx: Tx, engine: Database["engine"]): Promise<void> {
  const types = columnTypes(engine);

  async function table(name: string, columns: Column[], key: string): Promise<void> {
    const definitions = columns.map(([column, type, constraint = "not null"]) => {
      const dataType = types[type];
      const rendered = typeof dataType === "string" ? sql.raw(dataType) : dataType;
      return sql`${sql.ref(column)} ${rendered} ${sql.raw(type === "id" ? types.key : constraint)}`;
    });
    const keyed = columns.some(([, type]) => type === "id");
    const parts = keyed ? definitions : [...definitions, sql.raw(`primary key (${key})`)];
    await sql`create table ${sql.table(name)} (${sql.join(parts)})`.execute(tx);
  }
  const index = (definition: string) => sql.raw(`create ${definition}`).execute(tx);
  const nullable = "";
  const references = (parent: string, onDelete = "cascade") =>
    `not null references ${parent} on delete ${onDelete}`;

  await table(
    "user_account",
    [
      ["id", "id"],
      ["username", "text"],
      ["email", "text", nullable],
      ["realname", "text"],
      ["comment", "text"],
      ["password_hash", "text"],
      ["admin", "integer"],
      ["created_at", "integer"],
      ["updated_at", "integer"],
      ["deleted_at", "integer", nullable],
    ],
    "id",
  );
  await index("unique index user_account_username on user_account (username)");
  await index("unique index user_account_email on user_account (email) where email is not null");

  await table(
    "project",
    [
      ["id", "id"],
      ["name", "text"],
      ["owner_id", "integer"],
      ["public", "integer"],
      ["storage_limit", "integer"],
      ["storage_used", "integer"],
      ["created_at", "integer"],
      ["updated_at", "integer"],
    ],
    "id",
  );
  await index("unique index project_name on project (name)");

  await table(
    "project_metadata",
    [
      ["project_id", "integer", references("project(id)")],
      ["name", "text"],
      ["value", "text"],
    ],
    "project_id, name",
  );
  await table(
    "project_member",
    [
      ["id", "id"],
      ["project_id", "integer", references("project(id)")],
      ["entity_type", "text"],
      ["entity_id", "integer"],
      ["role_id", "integer"],
      ["created_at", "integer"],
      ["updated_at", "integer"],
    ],
    "id",
  );
  await index("unique index project_member_entity on project_member (project_id, entity_type, entity_id)");
  await index("index project_member_of on project_member (entity_type, entity_id)");

  await table(
    "robot",
    [
      ["id", "id"],
      ["name", "text"],
      ["level", "text"],
      ["project_id", "integer", "references project(id) on delete cascade"],
      ["description", "text"],
      ["secret_hash", "text"],
      ["duration", "integer"],
      ["expires_at", "integer", nullable],
      ["disabled", "integer"],
      ["creator", "text"],
      ["created_at", "integer"],
      ["updated_at", "integer"],
    ],
    "id",
  );
  await index("unique index robot_name on robot (name)");
  await index("index robot_project on robot (project_id)");
  await table(
    "robot_permission",
    [
      ["robot_id", "integer", references("robot(id)")],
      ["kind", "text"],
      ["namespace", "text"],
      ["resource", "text"],
      ["action", "text"],
    ],
    "robot_id, kind, namespace, resource, action",
  );
  await table(
    "session",
    [
      ["id_hash", "text"],
      ["user_id", "integer", references("user_account(id)")],
      ["created_at", "integer"],
      ["expires_at", "integer"],
    ],
    "id_hash",
  );
  await index("index session_expires on session (expires_at)");
  await table(
    "login_attempt",
    [
      ["subject", "text"],
      ["failures", "integer"],
      ["last_at", "integer"],
      ["blocked_until", "integer"],
    ],
    "subject",
  );

  await table(
    "repository",
    [
      ["id", "id"],
      ["project_id", "integer", references("project(id)", "restrict")],
      ["name", "text"],
      ["description", "text"],
      ["pull_count", "integer", "not null default 0"],
      ["artifact_count", "integer", "not null default 0"],
      ["created_at", "integer"],
      ["updated_at", "integer"],
    ],
    "id",
  );
  await index("unique index repository_name on repository (name)");
  await index("index repository_project on repository (project_id, name)");
  await index("index repository_project_created on repository (project_id, created_at, id)");
  await index("index repository_created on repository (created_at, id)");

  await table(
    "blob",
    [
      ["id", "id"],
      ["digest", "text"],
      ["size", "integer"],
      ["state", "text"],
      ["links", "integer"],
      ["orphaned_at", "integer", nullable],
      ["claimed_until", "integer", nullable],
      ["created_at", "integer"],
    ],
    "id",
  );
  await index("unique index blob_digest on blob (digest)");
  await index("index blob_orphaned on blob (orphaned_at) where orphaned_at is not null");
  await table(
    "repository_blob",
    [
      ["repository_id", "integer", references("repository(id)", "restrict")],
      ["blob_id", "integer", references("blob(id)", "restrict")],
      ["refs", "integer"],
      ["orphaned_at", "integer", nullable],
      ["linked_at", "integer"],
    ],
    "repository_id, blob_id",
  );
  await index("index repository_blob_blob on repository_blob (blob_id)");
  await index(
    "index repository_blob_orphaned on repository_blob (orphaned_at) where orphaned_at is not null",
  );
  await table(
    "project_blob",
    [
      ["project_id", "integer", references("project(id)", "restrict")],
      ["blob_id", "integer", references("blob(id)", "restrict")],
      ["links", "integer"],
    ],
    "project_id, blob_id",
  );
  // Without it each deletion of a blob would look through all of them for one that still refers to it.
  await index("index project_blob_blob on project_blob (blob_id)");

  await table(
    "manifest",
    [
      ["id", "id"],
      ["repository_id", "integer", references("repository(id)", "restrict")],
      ["digest", "text"],
      ["blob_id", "integer", references("blob(id)", "restrict")],
      ["media_type", "text"],
      ["artifact_type", "text"],
      ["config_media_type", "text"],
      ["type", "text"],
      ["subject_digest", "text", nullable],
      ["annotations", "text", nullable],
      ["size", "integer"],
      ["total_size", "integer"],
      ["tagged", "integer"],
      ["listed", "integer"],
      ["pushed_at", "integer"],
      ["pulled_at", "integer", nullable],
    ],
    "id",
  );
  await index("unique index manifest_digest on manifest (repository_id, digest)");
  await index("index manifest_listed on manifest (repository_id, pushed_at, id, tagged) where listed = 1");
  await index(
    "index manifest_untagged on manifest (repository_id, pushed_at, id) where listed = 1 and tagged = 0",
  );
  await index("index manifest_loose on manifest (pushed_at) where listed = 1 and tagged = 0");
  await index(
    "index manifest_subject on manifest (repository_id, subject_digest, id) where subject_digest is not null",
  );
  await index("index manifest_blob_id on manifest (blob_id)");
  await table(
    "manifest_content",
    [
      ["blob_id", "integer", "not null references blob(id) on delete cascade"],
      ["content", "bytes"],
    ],
    "blob_id",
  );
  await table(
    "manifest_blob",
    [
      ["manifest_id", "integer", references("manifest(id)")],
      ["blob_id", "integer", references("blob(id)", "restrict")],
    ],
    "manifest_id, blob_id",
  );
  await index("index manifest_blob_blob on manifest_blob (blob_id)");
  await table(
    "manifest_child",
    [
      ["manifest_id", "integer", references("manifest(id)")],
      ["child_digest", "text"],
    ],
    "manifest_id, child_digest",
  );
  await index("index manifest_child_digest on manifest_child (child_digest)");
  await table(
    "tag",
    [
      ["id", "id"],
      ["repository_id", "integer", references("repository(id)", "restrict")],
      ["name", "text"],
      ["manifest_id", "integer", references("manifest(id)", "restrict")],
      ["pushed_at", "integer"],
      ["pulled_at", "integer", nullable],
    ],
    "id",
  );
  await index("unique index tag_name on tag (repository_id, name)");
  await index("index tag_manifest on tag (manifest_id, pushed_at, id)");
  await table(
    "upload",
    [
      ["id", "text"],
      ["repository_id", "integer", references("repository(id)")],
      ["subject", "text"],
      ["offset", "integer"],
      ["holder", "text", nullable],
      ["held_until", "integer", nullable],
      ["digest", "text", nullable],
      ["started_at", "integer"],
      ["updated_at", "integer"],
    ],
    "id",
  );
  await index("index upload_updated on upload (updated_at)");

  await table(
    "label",
    [
      ["id", "id"],
      ["name", "text"],
      ["description", "text"],
      ["color", "text"],
      ["scope", "text"],
      ["project_id", "integer"],
      ["created_at", "integer"],
      ["updated_at", "integer"],
    ],
    "id",
  );
  await index("unique index label_name on label (scope, project_id, name)");
  await table(
    "manifest_label",
    [
      ["manifest_id", "integer", references("manifest(id)")],
      ["label_id", "integer", references("label(id)")],
      ["created_at", "integer"],
    ],
    "manifest_id, label_id",
  );
  await index("index manifest_label_label on manifest_label (label_id)");

  await table(
    "audit_log",
    [
      ["id", "id"],
      ["at", "integer"],
      ["actor", "text"],
      ["actor_kind", "text"],
      ["address", "text"],
      ["operation", "text"],
      ["resource_type", "text"],
      ["resource", "text"],
      ["project_id", "integer", nullable],
      ["outcome", "text"],
      ["detail", "text", nullable],
      ["times", "integer"],
      ["request_id", "text", nullable],
    ],
    "id",
  );
  await index("index audit_log_at on audit_log (at)");
  await index("index audit_log_project on audit_log (project_id, at)");

  await table(
    "job",
    [
      ["id", "id"],
      ["kind", "text"],
      ["parameters", "text"],
      ["trigger", "text"],
      ["state", "text"],
      ["run_at", "integer"],
      ["holder", "text", nullable],
      ["held_until", "integer", nullable],
      ["attempts", "integer"],
      ["report", "text", nullable],
      ["error", "text", nullable],
      ["log", "text", nullable],
      ["created_at", "integer"],
      ["started_at", "integer", nullable],
      ["finished_at", "integer", nullable],
    ],
    "id",
  );
  await index("index job_due on job (run_at) where state in ('pending', 'running')");
  await index("index job_kind on job (kind, id)");
  await table(
    "schedule",
    [
      ["kind", "text"],
      ["type", "text"],
      ["cron", "text"],
      ["parameters", "text"],
      ["next_at", "integer", nullable],
      ["updated_at", "integer"],
    ],
    "kind",
  );
  await table(
    "setting",
    [
      ["name", "text"],
      ["value", "text"],
    ],
    "name",
  );
}
