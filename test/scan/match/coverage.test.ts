import { expect, test } from "bun:test";
import { day } from "../../../src/kernel/index.ts";
import { coverageOf } from "../../../src/scan/match/coverage.ts";
import type { ImagePart } from "../../../src/scan/match/parts.ts";
import type { DatabaseManifest } from "../../../src/scan/vulndb/advisory.ts";

const now = Date.parse("2026-06-01T00:00:00Z");

const part = (ecosystem: string, more: Partial<ImagePart> = {}): ImagePart => ({
  ...{ ecosystem, kind: "known", packages: 2, failures: { count: 0, first: [] } },
  ...more,
});

interface Group {
  readonly ecosystem: string;
  readonly dropped?: boolean;
  readonly records?: number;
  readonly asOf?: number;
}

function manifest(feed: string, asOf: number | null, ...groups: Group[]): DatabaseManifest {
  return {
    ...{ version: "1", schema: 1, builtAt: now },
    feeds: [
      {
        ...{
          name: feed,
          format: "osv",
          source: "",
          asOf,
          fetchedAt: now - day,
          sha256: "",
          records: 1,
          unreadable: 0,
        },
        groups: groups.map((group) => ({ records: 1, asOf: null, dropped: false, ...group })),
      },
    ],
  };
}

const states = (
  parts: readonly ImagePart[],
  database: DatabaseManifest | null,
  undecided: Record<string, number> = {},
  lookedAt = now - day,
) =>
  coverageOf(parts, {
    manifest: database,
    undecided,
    now,
    lookedAt: () => lookedAt,
    maxAge: () => 5 * day,
  }).map(
    ({ ecosystem, state, asOf }) => `${ecosystem} ${state} ${asOf === null ? "never" : (now - asOf) / day}`,
  );

test("covered is what a fresh feed tells of, as of the feed's own time", () => {
  const database = manifest("debian", now - 3 * day, { ecosystem: "Debian:12" });
  expect(states([part("Debian:12"), part("PyPI")], database)).toEqual([
    "Debian:12 covered 3",
    "PyPI no_feed never",
  ]);
  expect(states([part("PyPI")], manifest("python", null, { ecosystem: "PyPI" }))).toEqual(["PyPI covered 1"]);
});

test("without a database, and where a feed has nothing of it, nothing is covered", () => {
  expect(states([part("Debian:12"), part("npm")], null)).toEqual([
    "Debian:12 no_feed never",
    "npm no_feed never",
  ]);
  const empty = manifest("debian", now, { ecosystem: "Debian:12", records: 0 });
  expect(states([part("Debian:12")], empty)).toEqual(["Debian:12 no_feed never"]);
});

test("a feed that nobody could read for too long is stale; one that is quiet is not", () => {
  const quiet = manifest("debian", now - 30 * day, { ecosystem: "Debian:12" });
  expect(states([part("Debian:12")], quiet)).toEqual(["Debian:12 covered 30"]);
  expect(states([part("Debian:12")], quiet, {}, now - 6 * day)).toEqual(["Debian:12 stale 30"]);
});

test("a release that its vendor has left, or that the feed has dropped, is at the end of its life", () => {
  expect(states([part("Debian:10")], manifest("debian", now, { ecosystem: "Debian:10" }))).toEqual([
    "Debian:10 end_of_life 0",
  ]);
  const dropped = { ecosystem: "Mageia:8", dropped: true, asOf: now - 400 * day };
  expect(states([part("Mageia:8")], manifest("mageia", now, dropped))).toEqual(["Mageia:8 end_of_life 400"]);
});

test("what could not be read or compared is unparsable, and what no feed can tell of has none", () => {
  const database = manifest("debian", now, { ecosystem: "Debian:12" });
  const failures = { count: 5, first: ["One.", "Two."] };
  expect(states([part("Debian:12", { failures })], database)).toEqual(["Debian:12 unparsable 0"]);
  expect(states([part("Debian:12")], database, { "Debian:12": 1 })).toEqual(["Debian:12 unparsable 0"]);
  const others = (["unread", "empty", "foreign", "unrecognised"] as const).map((kind) =>
    part(kind, { kind, failures }),
  );
  expect(states(others, database)).toEqual([
    "unread unparsable never",
    "empty unparsable never",
    "foreign no_feed never",
    "unrecognised no_feed never",
  ]);
});

test("packages of others are named in the sentence, as far as they were noted", () => {
  const sentence = (named?: readonly string[]) =>
    coverageOf([part("Debian:12, other vendors", { kind: "foreign", ...(named && { named }) })], {
      ...{ manifest: null, undecided: {}, now },
      ...{ lookedAt: () => now, maxAge: () => day },
    })[0]?.message;
  const rest = ": its advisories do not speak of them.";
  expect(sentence(["nodejs", "yarn"])).toBe(
    `2 packages made by others than the distribution (nodejs, yarn)${rest}`,
  );
  expect(sentence(["nodejs"])).toBe(`2 packages made by others than the distribution (nodejs, …)${rest}`);
  expect(sentence()).toBe(`2 packages made by others than the distribution${rest}`);
});

test("each says in a sentence what it is about, the failures among them", () => {
  const failures = { count: 5, first: ["One.", "Two."] };
  const [only] = coverageOf([part("npm", { failures })], {
    ...{ manifest: manifest("npm", now, { ecosystem: "npm" }), undecided: {}, now },
    ...{ lookedAt: () => now, maxAge: () => day },
  });
  expect(only?.message).toBe("Packages, or what is known of them, may be missing: One. Two. And 3 more.");
});

test("packages of a distribution without a feed are not all, where something could not be read", () => {
  const failures = { count: 1, first: ["One."] };
  const [only] = coverageOf([part("deb", { kind: "unrecognised", packages: 0, failures })], {
    ...{ manifest: null, undecided: {}, now, lookedAt: () => now, maxAge: () => day },
  });
  expect(only?.message).toBe("No feed has a name for deb: 0 packages could not be looked up. One.");
});

test("texts that an image makes long are cut", () => {
  const name = "m".repeat(300);
  const failures = { count: 1, first: ["f".repeat(5000)] };
  const said = coverageOf([part(name, { kind: "unrecognised" }), part("npm", { kind: "unread", failures })], {
    ...{ manifest: null, undecided: {}, now, lookedAt: () => now, maxAge: () => day },
  });
  expect(said[0]?.ecosystem).toBe("m".repeat(256));
  expect(said[0]?.message).toContain("2 packages could not be looked up.");
  expect(said[1]?.message).toHaveLength(4096);
});

test("what of a feed nobody could read is said where it covers", () => {
  const database = manifest("debian", now, { ecosystem: "Debian:12" });
  const feeds = database.feeds.map((feed) => ({ ...feed, records: 38, unreadable: 2 }));
  const options = { undecided: {}, now, lookedAt: () => now, maxAge: () => day };
  const [found] = coverageOf([part("Debian:12")], { ...options, manifest: { ...database, feeds } });
  expect(found).toMatchObject({ state: "covered", message: expect.stringContaining("2 of 40 records") });
});
