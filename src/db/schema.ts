// Longer than other files, so that the schema of the registry and of trust can be read in one place.

import type { Generated } from "kysely";
import type { ScanSchema } from "./scan-schema.ts";

/**
 * The tables, as both engines have them. Times are milliseconds since 1970 (UTC), flags are 0 or 1, JSON is
 * text: what every engine stores alike. Each table is written by one room only, named in its comment.
 */
export interface Schema extends ScanSchema {
  // access/
  user_account: UserAccountTable;
  robot: RobotTable;
  robot_permission: RobotPermissionTable;
  session: SessionTable;
  login_attempt: LoginAttemptTable;
  // projects/
  project: ProjectTable;
  project_metadata: ProjectMetadataTable;
  project_member: ProjectMemberTable;
  label: LabelTable;
  // registry/
  repository: RepositoryTable;
  blob: BlobTable;
  repository_blob: RepositoryBlobTable;
  project_blob: ProjectBlobTable;
  manifest: ManifestTable;
  manifest_content: ManifestContentTable;
  manifest_blob: ManifestBlobTable;
  manifest_child: ManifestChildTable;
  manifest_label: ManifestLabelTable;
  tag: TagTable;
  upload: UploadTable;
  // trust/
  tuf_metadata: TufMetadataTable;
  tuf_key: TufKeyTable;
  tuf_change: TufChangeTable;
  trust_look: TrustLookTable;
  tag_trust: TagTrustTable;
  tuf_expiry: TufExpiryTable;
  // events/
  audit_log: AuditLogTable;
  // jobs/
  job: JobTable;
  schedule: ScheduleTable;
  // any room, by a name that starts with the room's
  setting: SettingTable;
}

export interface UserAccountTable {
  id: Generated<number>;
  /** Unique among users that are not deleted; a deleted user's is given a suffix. */
  username: string;
  email: string | null;
  realname: string;
  comment: string;
  /** argon2id in PHC form. */
  password_hash: string;
  admin: number;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
}

export interface RobotTable {
  id: Generated<number>;
  /** Without the `robot$` prefix: `name` of a system robot, `project+name` of a project's. Unique. */
  name: string;
  /** `scan` of one that the server lends to a scanner: it is in nobody's list. */
  level: "system" | "project" | "scan";
  project_id: number | null;
  description: string;
  /** HMAC-SHA-256 of the secret, hex. */
  secret_hash: string;
  /** Days, -1 for never. */
  duration: number;
  expires_at: number | null;
  disabled: number;
  creator: string;
  created_at: number;
  updated_at: number;
}

export interface RobotPermissionTable {
  robot_id: number;
  kind: "system" | "project";
  /** A project's name, `*` for all projects, `/` for the system. */
  namespace: string;
  resource: string;
  action: string;
}

export interface SessionTable {
  /** SHA-256 of the cookie's value, hex: a read of the database gives nobody a session. */
  id_hash: string;
  user_id: number;
  created_at: number;
  expires_at: number;
}

export interface LoginAttemptTable {
  /** `account:<name>` or `address:<ip>`. */
  subject: string;
  failures: number;
  last_at: number;
  blocked_until: number;
}

export interface ProjectTable {
  id: Generated<number>;
  name: string;
  owner_id: number;
  public: number;
  /** Bytes, -1 for no limit. */
  storage_limit: number;
  /** Bytes of the distinct blobs that the project's repositories link; kept in the linking transaction. */
  storage_used: number;
  created_at: number;
  updated_at: number;
}

export interface ProjectMetadataTable {
  project_id: number;
  name: string;
  value: string;
}

export interface ProjectMemberTable {
  id: Generated<number>;
  project_id: number;
  entity_type: "u" | "g";
  entity_id: number;
  /** Harbor's numbers: 1 project admin, 2 developer, 3 guest, 4 maintainer, 5 limited guest. */
  role_id: number;
  created_at: number;
  updated_at: number;
}

export interface LabelTable {
  id: Generated<number>;
  name: string;
  description: string;
  color: string;
  scope: "g" | "p";
  /** 0 for a global label, so that the unique index sees it. */
  project_id: number;
  created_at: number;
  updated_at: number;
}

export interface ManifestLabelTable {
  manifest_id: number;
  label_id: number;
  created_at: number;
}

export interface RepositoryTable {
  id: Generated<number>;
  project_id: number;
  /** With its project: `library/alpine`. */
  name: string;
  description: string;
  pull_count: Generated<number>;
  /** How many of its manifests are `listed`. */
  artifact_count: Generated<number>;
  created_at: number;
  updated_at: number;
}

export interface BlobTable {
  id: Generated<number>;
  digest: string;
  size: number;
  /**
   * `lost` when a check found that its bytes are gone though it is linked: clients are told that it is not there,
   * so that they send it.
   */
  state: "live" | "lost";
  /** How many repositories link it. */
  links: number;
  /** Since when no repository links it; null while one does. */
  orphaned_at: number | null;
  /** Until when an upload that is about to link it keeps the collector away. */
  claimed_until: number | null;
  created_at: number;
}

export interface RepositoryBlobTable {
  repository_id: number;
  blob_id: number;
  /** How many manifests of the repository name it. */
  refs: number;
  /** Since when no manifest names it; null while one does. */
  orphaned_at: number | null;
  linked_at: number;
}

export interface ProjectBlobTable {
  project_id: number;
  blob_id: number;
  /** How many of the project's repositories link it. */
  links: number;
}

export interface ManifestTable {
  id: Generated<number>;
  repository_id: number;
  digest: string;
  /** The blob that holds the manifest's own bytes. */
  blob_id: number;
  media_type: string;
  /** Its `artifactType`, else its config's media type; empty for an index without one. */
  artifact_type: string;
  /** What Harbor's `media_type` says: its config's media type; of an index its own. */
  config_media_type: string;
  /** Harbor's name of its type: IMAGE, CHART … */
  type: string;
  subject_digest: string | null;
  /** JSON object, for the referrers list. */
  annotations: string | null;
  /** Bytes of the manifest itself. */
  size: number;
  /** Bytes of the manifest, its config, layers and children. */
  total_size: number;
  /** Whether a tag points to it. */
  tagged: number;
  /**
   * Whether it stands for itself in the repository's list: it is tagged, or else neither named by an index of
   * the repository nor referring to a subject there.
   */
  listed: number;
  pushed_at: number;
  pulled_at: number | null;
}

export interface ManifestContentTable {
  blob_id: number;
  content: Uint8Array;
}

export interface ManifestBlobTable {
  manifest_id: number;
  blob_id: number;
}

export interface ManifestChildTable {
  manifest_id: number;
  child_digest: string;
}

export interface TagTable {
  id: Generated<number>;
  repository_id: number;
  name: string;
  manifest_id: number;
  pushed_at: number;
  pulled_at: number | null;
}

export interface UploadTable {
  /** UUID, also the staged file's name. */
  id: string;
  repository_id: number;
  /** Who began it: whose authentic, though perhaps expired, token may go on with it. */
  subject: string;
  /** Bytes on stable storage. */
  offset: number;
  /** The process that is writing now, and until when it holds the right to. */
  holder: string | null;
  held_until: number | null;
  /** Set once all of its bytes were found to have it: the blob that is made of them. */
  digest: string | null;
  started_at: number;
  updated_at: number;
}

/** Signed metadata as it was published, byte by byte. Nothing in it ever changes. */
export interface TufMetadataTable {
  /** With the host it was published under: `registry.example.com:8443/library/alpine`. */
  gun: string;
  role: string;
  version: number;
  /** Of the content, in hexadecimal. */
  sha256: string;
  content: Uint8Array;
  created_at: number;
}

/** Keys that the server signs with, each for one GUN. They are kept for good. */
export interface TufKeyTable {
  gun: string;
  /** TUF's key id. */
  id: string;
  role: "snapshot" | "timestamp";
  /** 32 bytes of Ed25519. */
  public: Uint8Array;
  /** Encrypted: nonce, ciphertext and tag of AES-256-GCM. */
  private: Uint8Array;
  /** 1 once a published root names it. */
  used: number;
  created_at: number;
}

/** What was published and deleted, in order. */
export interface TufChangeTable {
  id: Generated<number>;
  gun: string;
  /** The timestamp's; 0 of a deletion. */
  version: number;
  /** The timestamp's, in hexadecimal; empty of a deletion. */
  sha256: string;
  category: "update" | "deletion";
  created_at: number;
}

/** What is still to be looked at, in order: tags that were moved, and GUNs under which something changed. */
export interface TrustLookTable {
  id: Generated<number>;
  /** The GUN whose tags are to be looked at, all of them; null for one tag. */
  gun: string | null;
  repository: string;
  tag: string | null;
  /** What the tag was pointed to. */
  digest: string | null;
  /** JSON: who did it. */
  caller: string;
}

/** The tags that were last seen tampered with or expired; others have no row. */
export interface TagTrustTable {
  tag_id: number;
  state: "tampered" | "expired";
  /** What it pointed to. */
  digest: string;
  /** What was signed; null when nobody can say. */
  signed: string | null;
  noticed_at: number;
}

/** When metadata that only people can sign anew expires: the root's, the targets', the delegations'. */
export interface TufExpiryTable {
  gun: string;
  role: string;
  repository: string;
  /** The name of its project. */
  project: string;
  expires_at: number;
  /** 1 once an alarm was raised ahead of it. */
  warned: number;
  /** 1 once its end was acted on. */
  ended: number;
}

export interface AuditLogTable {
  id: Generated<number>;
  at: number;
  actor: string;
  actor_kind: "user" | "robot" | "anonymous" | "system";
  address: string;
  /** create, pull, push, delete, update, login, logout … */
  operation: string;
  /** artifact, tag, blob, project, member, user, robot … */
  resource_type: string;
  resource: string;
  project_id: number | null;
  outcome: "success" | "failure";
  /** A sentence, where there is more to say. */
  detail: string | null;
  /** Equal pulls within one flush are one record. */
  times: number;
  request_id: string | null;
}

export interface JobTable {
  id: Generated<number>;
  kind: string;
  /** JSON. */
  parameters: string;
  trigger: "manual" | "schedule" | "event";
  state: "pending" | "running" | "success" | "error" | "stopped";
  run_at: number;
  holder: string | null;
  held_until: number | null;
  attempts: number;
  /** JSON, what the job has to say of its result. */
  report: string | null;
  error: string | null;
  log: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
}

export interface ScheduleTable {
  kind: string;
  /** Harbor's: Hourly, Daily, Weekly, Custom, None. */
  type: string;
  cron: string;
  /** JSON. */
  parameters: string;
  next_at: number | null;
  updated_at: number;
}

export interface SettingTable {
  name: string;
  /** JSON. */
  value: string;
}
