/**
 * How bad it is. `damage`: content that was acknowledged cannot be served, or not as it was. `drift`:
 * something worked out from other things is wrong, and can be worked out again. `leftover`: something that
 * nobody needs takes up space.
 */
export type Severity = "damage" | "drift" | "leftover";

/** What was found, by a name that stays the same for programs. */
export type FindingKind =
  | "blob-missing"
  | "blob-size"
  | "blob-content"
  | "blob-lost"
  | "blob-found-again"
  | "blob-unknown"
  | "manifest-content"
  | "manifest-references"
  | "manifest-dangling"
  | "manifest-standing"
  | "tag-target"
  | "counter"
  | "link-missing"
  | "link-wrong"
  | "link-stale"
  | "link-unknown-content"
  | "upload-bytes"
  | "staged-file"
  | "temporary-file"
  | "foreign-file";

export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** What it is about: a digest, an image, a project, or a key of the storage. */
  readonly subject: string;
  /** Sentences: what is wrong where, and what that means. */
  readonly message: string;
  /** A sentence: what a repair does, or, where none can, what a person may do. */
  readonly remedy: string;
  /** Bytes concerned; 0 where it is not about content. */
  readonly bytes: number;
}

/** What is gone through; each is counted. */
export type Examined = "blobs" | "manifests" | "tags" | "links" | "uploads" | "files" | "projects";

/** A finding, and what became of it. */
export interface Outcome extends Finding {
  readonly repairable: boolean;
  readonly repaired: boolean;
  /** Why a repair failed, where one was tried. */
  readonly failure: string | null;
}

export interface FsckSummary {
  /** What was looked at. */
  readonly examined: Readonly<Partial<Record<Examined, number>>>;
  /** Bytes that were read and hashed. */
  readonly bytesRead: number;
  readonly found: number;
  readonly repaired: number;
  /** Found and not repaired: nothing is wrong when it is 0. */
  readonly left: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  /** Bytes that the findings are about. */
  readonly bytesConcerned: number;
}
