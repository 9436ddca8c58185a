import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { compareVersions, isVersion, type VersionScheme } from "../../../src/scan/versions/index.ts";
import { chains, noVersions } from "./chains.ts";
import { arbitraryPair, arbitraryVersion } from "./generate.ts";
import { toSign } from "./tools.ts";

const schemes = Object.keys(chains) as VersionScheme[];

describe.each(schemes)("the order of %s", (scheme) => {
  const order = (a: string, b: string) => toSign(compareVersions(scheme, a, b));

  test("is the documented one", () => {
    for (const chain of chains[scheme]) {
      const places = chain
        .split(" < ")
        .flatMap((equal, place) => equal.split(" = ").map((version) => ({ version, place })));
      const all = places.flatMap((a) => places.map((b) => ({ a, b })));
      const verdicts = all.map(({ a, b }) => `${a.version} ${order(a.version, b.version)} ${b.version}`);
      expect(verdicts).toEqual(
        all.map(({ a, b }) => `${a.version} ${toSign(a.place - b.place)} ${b.version}`),
      );
    }
  });

  test("is a total one", () => {
    fc.assert(
      fc.property(arbitraryPair(scheme), arbitraryVersion(scheme), ([a, b], c) => {
        const [ab, ba, bc, ac] = [order(a, b), order(b, a), order(b, c), order(a, c)];
        expect(order(a, a)).toBe("=");
        expect(ba).toBe({ "<": ">", ">": "<", "=": "=" }[ab] ?? "");
        // Maven's own goes round: 01 > 01--cr-2 > 1-foo > 01, by its `ComparableVersion`.
        if (scheme === "maven") return;
        if (ab === "=") expect(ac).toBe(bc);
        else if (ab === bc || bc === "=") expect(ac).toBe(ab);
      }),
      { numRuns: 500 },
    );
  });

  test("knows no place for what is no version, whatever it is", () => {
    expect(noVersions[scheme].filter((text) => isVersion(scheme, text))).toEqual([]);
    for (const text of noVersions[scheme]) expect(compareVersions(scheme, "1.0", text)).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => void isVersion(scheme, text)));
  });

  test("takes no time for a hostile version", () => {
    const hostile = ["1", "1.", "1-", "1a", "_p", "-r1", "0:", ".dev", "~"].flatMap((part) =>
      ["", "!", "-", "x!"].map((end) => `1${part.repeat(600).slice(0, 500)}${end}`),
    );
    // Backtracking would not end before the test does.
    for (const text of hostile) compareVersions(scheme, text, text);
    expect(isVersion(scheme, "1".repeat(1000))).toBe(false);
  });
});

test("each program's recorded verdicts hold", async () => {
  const lines = (await readFile(join(import.meta.dir, "verdicts.txt"), "utf8")).trim().split("\n");
  const verdicts = lines.filter((line) => !line.startsWith("#"));
  expect(verdicts.length).toBeGreaterThan(300);
  const ours = verdicts.map((line) => {
    const [scheme = "", a = "", , b = ""] = line.split(" ");
    return `${scheme} ${a} ${toSign(compareVersions(scheme as VersionScheme, a, b))} ${b}`;
  });
  expect(ours).toEqual(verdicts);
});
