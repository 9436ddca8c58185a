import { BreakwaterError, isDigest, parseRepositoryName, projectOf } from "../../kernel/index.ts";
import type { ImageFinding, Place } from "../match/finding.ts";
import { type ImageNames, nameOf, namesOf } from "./image.ts";
import { covers, parsePurl } from "./purl.ts";

/** What is overlooked: a vulnerability everywhere, or where all holds that is not null. */
export interface ExceptionScope {
  /** As people write it; it is compared without regard to capitals, with aliases too. */
  readonly vulnerability: string;
  /** A package's name, or a purl, which may leave out the version and more. */
  readonly package: string | null;
  /** A repository with its project. */
  readonly repository: string | null;
  /** An image, or an index that names it. */
  readonly digest: string | null;
}

export interface NewException extends ExceptionScope {
  readonly reason: string;
  /** From when on it no longer counts, milliseconds since 1970; null for never. */
  readonly expiresAt: number | null;
}

export interface Exception extends NewException {
  readonly id: number;
  /** Null for one of the system's. */
  readonly projectId: number | null;
  readonly author: string;
  readonly createdAt: number;
}

const maxLength = { package: 1024, reason: 1024 } as const;

/** Whether the exception is about that finding at that place in the image; when it ends is not looked at. */
export function isAbout(
  scope: ExceptionScope,
  image: ImageNames,
  finding: ImageFinding,
  place: Place,
): boolean {
  return (
    namesOf(finding).includes(nameOf(scope.vulnerability)) &&
    (scope.repository === null || scope.repository === image.repository) &&
    (scope.digest === null || image.digests.has(scope.digest)) &&
    (scope.package === null || isPackage(scope.package, finding, place))
  );
}

function isPackage(wanted: string, finding: ImageFinding, place: Place): boolean {
  if (!wanted.startsWith("pkg:")) return wanted === finding.package || wanted === place.package;
  const [wide, narrow] = [parsePurl(wanted), parsePurl(place.purl ?? "")];
  return wide !== null && narrow !== null && covers(wide, narrow);
}

/** The exception as it is kept. Throws BAD_REQUEST. `project` is the name of its project; null for the system's. */
export function checked(given: NewException, project: string | null, now: number): NewException {
  const { package: wanted, repository, digest, expiresAt } = given;
  const vulnerability = given.vulnerability.trim();
  const reason = given.reason.trim();
  if (!isVulnerability(vulnerability)) {
    throw bad(`"${vulnerability.slice(0, 80)}" is not the name of a vulnerability, such as CVE-2026-1234.`);
  }
  if (reason === "" || !isText(reason, maxLength.reason)) {
    throw bad(`Say why it may be overlooked, in at most ${maxLength.reason} characters.`);
  }
  if (wanted !== null && (wanted === "" || !isText(wanted, maxLength.package) || !isOfPackages(wanted))) {
    throw bad(
      "The package must be a package's name or, as the report has it, its purl without a subpath, such as pkg:deb/debian/libssl3.",
    );
  }
  if (repository !== null) {
    const owner = projectOf(parseRepositoryName(repository));
    if (project !== null && owner !== project) {
      throw bad(`The repository ${repository} is not one of the project ${project}.`);
    }
  }
  if (digest !== null && !isDigest(digest)) throw bad(`"${digest.slice(0, 80)}" is not a digest.`);
  if (expiresAt !== null && expiresAt <= now) throw bad("The time at which it expires has passed.");
  return { vulnerability, package: wanted, repository, digest, reason, expiresAt };
}

/** What databases of vulnerabilities use: `CVE-2026-1234`, `GHSA-…`, `RHSA-2026:1234`, `TEMP-0000000-ABCDEF`. */
export function isVulnerability(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9:._/-]{1,127}$/.test(text);
}

function isText(text: string, most: number): boolean {
  return text.length <= most && !/\p{Cc}/u.test(text);
}

/** Findings are of whole packages: what is about a part of one would never be about any of them. */
function isOfPackages(wanted: string): boolean {
  return !wanted.startsWith("pkg:") || parsePurl(wanted)?.subpath === "";
}

function bad(message: string): BreakwaterError {
  return new BreakwaterError("BAD_REQUEST", message);
}
