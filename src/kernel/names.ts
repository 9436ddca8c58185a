import { type Digest, isDigest, parseDigest } from "./digest.ts";
import { BreakwaterError } from "./errors.ts";

/** `project/path`: a repository's full name. Its first component is the project that owns it. */
export type RepositoryName = string & { readonly __repositoryName: true };

/** Distribution specification 1.1, "Pulling manifests": the grammar of `<name>`. */
const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
/** Distribution specification 1.1, "Pulling manifests": the grammar of a tag. */
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
/** Docker's clients refuse longer names, and the folder of a longer one may not fit a file system. */
const maxNameLength = 255;

/** True for a repository's name in whichever registry: elsewhere it may be of one component. */
export function isRepositoryName(text: string): boolean {
  return text.length <= maxNameLength && namePattern.test(text);
}

/** Parses a repository's full name, or throws NAME_INVALID. */
export function parseRepositoryName(text: string): RepositoryName {
  if (!isRepositoryName(text)) {
    throw new BreakwaterError(
      "NAME_INVALID",
      `"${text.slice(0, 160)}" is not a repository name: expected lower-case letters and digits, separated by one of . _ __ - or /, at most ${maxNameLength} characters.`,
    );
  }
  if (!text.includes("/")) {
    throw new BreakwaterError(
      "NAME_INVALID",
      `"${text}" names no project: a repository's name is <project>/<repository>, for example library/${text}.`,
    );
  }
  return text as RepositoryName;
}

/** The project's name in a repository's full name. */
export function projectOf(name: RepositoryName): string {
  return name.slice(0, name.indexOf("/"));
}

export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** What a client writes behind `/manifests/`: a tag or a digest. */
export type Reference =
  | { readonly kind: "tag"; readonly tag: string }
  | { readonly kind: "digest"; readonly digest: Digest };

/** Parses a tag or a digest; throws TAG_INVALID or DIGEST_INVALID. */
export function parseReference(text: string): Reference {
  if (isDigest(text)) return { kind: "digest", digest: text };
  if (text.includes(":")) return { kind: "digest", digest: parseDigest(text) };
  if (isTag(text)) return { kind: "tag", tag: text };
  throw new BreakwaterError(
    "TAG_INVALID",
    `"${text.slice(0, 160)}" is not a tag: expected letters, digits, _ . and -, not starting with . or -, at most 128 characters.`,
  );
}
