import { parseLinkKey } from "../../src/blobs/index.ts";
import type { FindingKind, Outcome } from "../../src/registry/index.ts";
import { openRoomsBy } from "../support/installation.ts";

/**
 * What a broken-off request may leave behind, for the next repair to put right. Everything else that fsck knows
 * of would be a promise broken.
 */
const mayRemain: ReadonlySet<FindingKind> = new Set([
  "link-missing",
  "link-wrong",
  "link-stale",
  "upload-bytes",
  "staged-file",
  "temporary-file",
]);

/** Checks and repairs beside the server; answers what no crash may do. `open`: subjects without an answer. */
export async function checkAfterCrash(
  configFile: string,
  open: ReadonlySet<string>,
): Promise<{ problems: Outcome[]; leftovers: number }> {
  await using rooms = await openRoomsBy(configFile);
  const problems: Outcome[] = [];
  let leftovers = 0;
  await rooms.registry.fsck.run({
    deep: true,
    repair: true,
    discardUnknown: false,
    grace: 0,
    onFinding(finding) {
      if (mayRemain.has(finding.kind) && finding.repaired && isExplained(finding, open)) leftovers++;
      else problems.push(finding);
    },
  });
  return { problems, leftovers };
}

/** A tag's or manifest's link may differ from the database only where a request was broken off. */
function isExplained({ kind, subject }: Outcome, open: ReadonlySet<string>): boolean {
  if (kind !== "link-missing" && kind !== "link-wrong") return true;
  const link = parseLinkKey(subject);
  if (link === null || link.kind === "layer") return kind === "link-missing";
  const { repository } = link;
  return open.has(link.kind === "tag" ? `${repository}:${link.tag}` : `${repository}@${link.digest}`);
}
