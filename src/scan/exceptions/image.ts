import type { ImageFinding, Place } from "../match/finding.ts";

/** An image by all the names under which exceptions may mean it. */
export interface ImageNames {
  readonly projectId: number;
  readonly repositoryId: number;
  /** With its project: `library/alpine`. */
  readonly repository: string;
  readonly digest: string;
  /** Its own digest, and those of the indexes that name it. */
  readonly digests: ReadonlySet<string>;
  /** Those that point to any of these. */
  readonly tags: ReadonlySet<string>;
}

/** A vulnerability's name as names are compared. */
export function nameOf(vulnerability: string): string {
  return vulnerability.trim().toUpperCase();
}

/** All names of what was found. */
export function namesOf({ id, aliases }: Pick<ImageFinding, "id" | "aliases">): readonly string[] {
  return [...new Set([id, ...aliases].map(nameOf))];
}

/** Where the package is that was found; a scanner that names no places has one. */
export function placesOf(finding: ImageFinding): readonly Place[] {
  return finding.places.length > 0 ? finding.places : [finding];
}
