import type { Advisory, Affected } from "../advisory.ts";
import { debianEcosystem } from "../ecosystems/distributions.ts";
import type { FeedDocument } from "./documents.ts";
import { membersOf } from "./json-members.ts";
import { before, everyVersion, isNever } from "./ranges.ts";
import type { FeedRecord } from "./record.ts";
import { vendorSeverity } from "./severity.ts";
import { asName, asText, asTree, isTree, type Tree } from "./shape.ts";

/** The Debian security tracker's JSON: packages, their vulnerabilities, and how each release stands. */
export async function* readDebianTracker(documents: AsyncIterable<FeedDocument>): AsyncGenerator<FeedRecord> {
  const releases = new Set<string>();
  for await (const document of documents) {
    for await (const { key: name, value } of membersOf(document)) {
      if (!isTree(value) || asName(name) === "") {
        yield { kind: "unreadable", reason: `${document.name}: the package ${asName(name)} is no object.` };
        continue;
      }
      for (const [id, issue] of Object.entries(value)) {
        const affected = affectedOf(name, asTree(issue));
        for (const { ecosystem } of affected) {
          if (!releases.has(ecosystem)) yield { kind: "group", ecosystem };
          releases.add(ecosystem);
        }
        if (affected.length > 0 && asName(id) !== "")
          yield { kind: "advisory", advisory: advisoryOf(asName(id), asTree(issue), affected) };
      }
    }
  }
}

function advisoryOf(id: string, issue: Tree, affected: readonly Affected[]): Advisory {
  return {
    ...{ id, aliases: [], summary: "", description: asText(issue.description), severity: null },
    ...{ cvss: [], cwes: [], links: [`https://security-tracker.debian.org/tracker/${id}`] },
    ...{ publishedAt: null, modifiedAt: null, affected },
  };
}

function affectedOf(name: string, issue: Tree): readonly Affected[] {
  const releases = asTree(issue.releases);
  const unstable = asTree(releases.sid);
  const mended = unstable.status === "resolved" ? fixOf(unstable) : null;
  return Object.entries(releases).flatMap(([codename, state]) => {
    const ecosystem = debianEcosystem(codename);
    return ecosystem === null ? [] : standsAt(asTree(state), { ecosystem, name }, mended);
  });
}

function standsAt(
  release: Tree,
  of: { readonly ecosystem: string; readonly name: string },
  mended: string | null,
): readonly Affected[] {
  const base = {
    ...of,
    module: null,
    scheme: "deb",
    versions: [],
    // Two stars behind it: taken over from NVD.
    severity: vendorSeverity(asName(release.urgency).replace(/\*\*$/, "")),
  } as const;
  const fixed = release.status === "resolved" ? fixOf(release) : null;
  if (fixed !== null && isNever(fixed)) return [{ ...base, ranges: [everyVersion], status: "not_affected" }];
  if (fixed !== null) return [{ ...base, ranges: [before(fixed)], status: "affected" }];
  const open: Affected = { ...base, ranges: [everyVersion], status: statusOf(release) };
  // What is newer than unstable's fix has it, whatever has been decided for the release.
  return mended === null || isNever(mended)
    ? [open]
    : [open, { ...base, ranges: [{ ...everyVersion, introduced: mended }], status: "not_affected" }];
}

/** Null where there is none: `<removed>` and `<unfixed>` are no versions. */
function fixOf(release: Tree): string | null {
  const version = asName(release.fixed_version);
  return /^\d/.test(version) ? version : null;
}

/** Without a DSA a fix may still come with a point release, unless the team says that it ignores it. */
function statusOf(release: Tree): Affected["status"] {
  if (release.status !== "open") return "under_investigation";
  if (release.urgency === "end-of-life" || release.nodsa_reason === "ignored") return "will_not_fix";
  return release.nodsa !== undefined || release.nodsa_reason === "postponed" ? "fix_deferred" : "affected";
}
