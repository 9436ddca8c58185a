import { expect, test } from "bun:test";
import { readDebianTracker } from "../../../src/scan/vulndb/formats/debian-tracker.ts";
import { advisoriesIn, all, documents, groupsIn, show, unreadableIn } from "./reading.ts";

/** As the tracker writes it: members that are empty are left out. */
const tracker = {
  curl: {
    "CVE-2023-46218": {
      description: "This flaw allows a malicious HTTP server to set super cookies.",
      scope: "remote",
      releases: {
        bookworm: {
          status: "resolved",
          repositories: { bookworm: "7.88.1-10+deb12u14", "bookworm-security": "7.88.1-10+deb12u5" },
          fixed_version: "7.88.1-10+deb12u5",
          urgency: "low**",
        },
        bullseye: { status: "open", urgency: "unimportant", nodsa: "Minor issue", nodsa_reason: "" },
        trixie: {
          status: "open",
          urgency: "not yet assigned",
          nodsa: "Minor issue",
          nodsa_reason: "ignored",
        },
        forky: { status: "open", urgency: "not yet assigned", nodsa: "Minor", nodsa_reason: "postponed" },
        sid: { status: "resolved", fixed_version: "8.5.0-1", urgency: "not yet assigned" },
      },
    },
    "CVE-2021-22897": {
      releases: {
        bookworm: { status: "resolved", fixed_version: "0", urgency: "unimportant" },
        sid: { status: "resolved", fixed_version: "0" },
        buster: { status: "open", urgency: "end-of-life" },
        bullseye: { status: "undetermined", urgency: "not yet assigned" },
        trixie: { status: "resolved", fixed_version: "<removed>" },
      },
    },
    "TEMP-0000000-2B5A6C": { releases: { bookworm: { status: "open", urgency: "not yet assigned" } } },
  },
  wrong: [1],
  odd: { "CVE-2020-1": 7, "CVE-2020-2": { releases: "all" } },
};

test("Debian's tracker tells how each release stands", async () => {
  const records = await all(readDebianTracker(documents({ "data.json": tracker })));
  const lines = advisoriesIn(records).flatMap(({ id, affected }) =>
    affected.map((one) => `${id} ${show(one)}`),
  );
  expect(lines).toEqual([
    "CVE-2023-46218 Debian:12 curl [0, 7.88.1-10+deb12u5) affected",
    "CVE-2023-46218 Debian:11 curl [0, ∞) fix_deferred",
    // What is as new as unstable's fix has it, whatever was decided for the release.
    "CVE-2023-46218 Debian:11 curl [8.5.0-1, ∞) not_affected",
    "CVE-2023-46218 Debian:13 curl [0, ∞) will_not_fix",
    "CVE-2023-46218 Debian:13 curl [8.5.0-1, ∞) not_affected",
    "CVE-2023-46218 Debian:14 curl [0, ∞) fix_deferred",
    "CVE-2023-46218 Debian:14 curl [8.5.0-1, ∞) not_affected",
    "CVE-2021-22897 Debian:12 curl [0, ∞) not_affected",
    "CVE-2021-22897 Debian:10 curl [0, ∞) will_not_fix",
    "CVE-2021-22897 Debian:11 curl [0, ∞) under_investigation",
    "CVE-2021-22897 Debian:13 curl [0, ∞) under_investigation",
    "TEMP-0000000-2B5A6C Debian:12 curl [0, ∞) affected",
  ]);
  const grades = advisoriesIn(records)[0]?.affected.map(({ severity }) => severity);
  expect(grades?.slice(0, 4)).toEqual(["Low", "Negligible", "Negligible", null]);
  expect(groupsIn(records).sort()).toEqual(["Debian:10", "Debian:11", "Debian:12", "Debian:13", "Debian:14"]);
  expect(unreadableIn(records)).toEqual(["data.json: the package wrong is no object."]);
});

test("a tracker that is cut off is not taken for all of it", async () => {
  const text = JSON.stringify(tracker);
  for (const length of [0, 1, 400, text.length - 1]) {
    await expect(all(readDebianTracker(documents({ "data.json": text.slice(0, length) })))).rejects.toThrow();
  }
});
