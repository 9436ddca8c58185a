import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isRefusal } from "../../../src/kernel/index.ts";
import { covers, parsePurl } from "../../../src/scan/exceptions/purl.ts";
import { readAttached, readVex } from "../../../src/scan/exceptions/vex/read.ts";
import { isNewer } from "../../../src/scan/exceptions/vex/statement.ts";
import { csaf, openVex, statementAbout } from "./documents.ts";

/** Whether it is read, or refused as a request is. Anything else that is thrown fails the test. */
function outcome(read: () => unknown): "read" | "refused" {
  try {
    read();
    return "read";
  } catch (error) {
    if (isRefusal(error, "BAD_REQUEST")) return "refused";
    throw error;
  }
}

describe("VEX documents", () => {
  test("of either format are read into one form", () => {
    const open = readVex(openVex([statementAbout("pkg:deb/debian/openssl", ["pkg:deb/debian/libssl3"])]));
    expect(open).toMatchObject({
      ...{ format: "openvex", author: "Example", name: "https://example.com/vex/1", version: "1" },
      issuedAt: Date.parse("2026-01-01T00:00:00Z"),
      statements: [
        {
          vulnerabilities: ["CVE-2026-1000"],
          status: "not_affected",
          products: [{ purls: ["pkg:deb/debian/openssl"], parts: ["pkg:deb/debian/libssl3"] }],
        },
      ],
    });
    const statement = readVex(csaf({ first_fixed: ["image:zlib"] }, "pkg:oci/app@sha256%3Aab")).statements[0];
    expect(statement).toMatchObject({
      status: "fixed",
      products: [{ purls: ["pkg:oci/app@sha256%3Aab"], parts: ["pkg:deb/debian/zlib"] }],
    });
  });

  test("of OpenVEX's first form, with lists of identifiers, are read too", () => {
    const product = "pkg:oci/app@sha256%3Aab";
    const subcomponents = ["pkg:apk/wolfi/glibc@2.36-r4"];
    const given = { vulnerability: "CVE-1-1", products: [product], subcomponents, status: "fixed" };
    expect(readVex(openVex([given])).statements[0]?.products).toEqual([
      { purls: [product], digests: [], parts: subcomponents },
    ]);
  });

  test("are refused, and nothing worse, whatever they hold", () => {
    const base = {
      openVex: openVex([statementAbout("pkg:oci/app")]),
      csaf: csaf({ fixed: ["image"] }, "pkg:oci/app"),
    };
    fc.assert(
      fc.property(
        fc.constantFrom("openVex", "csaf"),
        fc.nat(),
        fc.jsonValue({ maxDepth: 4 }),
        (which, at, value) => {
          const json = structuredClone(base[which as keyof typeof base]) as Record<string, unknown>;
          replace(json, at, value);
          expect(outcome(() => readVex(json))).toBeOneOf(["read", "refused"]);
        },
      ),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(outcome(() => readAttached(bytes))).toBeOneOf(["read", "refused"]);
        },
      ),
    );
  });

  test("that are deep, wide or large are refused or read, and do not hang", () => {
    const deep = Buffer.from(`{"@context":${"[".repeat(500_000)}`);
    expect(outcome(() => readAttached(deep))).toBe("refused");
    expect(outcome(() => readAttached(Buffer.alloc(5 * 1024 * 1024, " ")))).toBe("refused");
    let branch: object = { name: "leaf" };
    for (let depth = 0; depth < 5_000; depth++) branch = { branches: [branch] };
    expect(outcome(() => readVex({ ...csaf({}, "pkg:oci/a"), product_tree: { branches: [branch] } }))).toBe(
      "read",
    );
    const wide = { branches: Array.from({ length: 200_001 }, () => ({})) };
    expect(outcome(() => readVex({ ...csaf({}, "pkg:oci/a"), product_tree: wide }))).toBe("refused");
    expect(outcome(() => readVex(openVex(Array(20_001).fill(statementAbout("pkg:oci/a")))))).toBe("refused");
  });

  test("are newer by their time, else by their version", () => {
    const [one, two, ten] = ["1", "2", "10"].map((version) => ({ issuedAt: 5, version }));
    if (one === undefined || two === undefined || ten === undefined) throw new Error("no versions");
    expect([isNewer(two, one), isNewer(one, two), isNewer(ten, two), isNewer(one, one)]).toEqual([
      ...[true, false, true, false],
    ]);
    expect(isNewer({ ...one, issuedAt: 6 }, ten)).toBe(true);
  });
});

describe("purls", () => {
  const cover = (wide: string, narrow: string) => {
    const [one, other] = [parsePurl(wide), parsePurl(narrow)];
    return one !== null && other !== null && covers(one, other);
  };

  test("include what they leave open, and nothing else", () => {
    const own = "pkg:deb/debian/openssl@3.0.1?arch=amd64&distro=debian-12";
    for (const wide of [
      "pkg:deb/debian/openssl",
      "pkg:deb/debian/openssl@3.0.1",
      "pkg:deb/debian/openssl?arch=amd64",
    ]) {
      expect([wide, cover(wide, own), cover(own, wide)]).toEqual([wide, true, false]);
    }
    for (const other of [
      "pkg:deb/openssl",
      "pkg:rpm/debian/openssl",
      "pkg:deb/debian/openssl?arch=s390x",
      "pkg:deb/debian/openssl?checksum=sha256:ab",
      "pkg:deb/debian/openssl#usr/lib",
      "openssl",
      "pkg:",
    ]) {
      expect([other, cover(other, own)]).toEqual([other, false]);
    }
  });

  test("of any text are read or not", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parsePurl(`pkg:${text}`);
      }),
    );
  });
});

/** Puts `value` in place of one of the values within `json`. */
function replace(json: unknown, at: number, value: unknown): void {
  const places: (() => void)[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      const record = node as Record<string, unknown>;
      places.push(() => {
        record[key] = value;
      });
      visit(record[key]);
    }
  };
  visit(json);
  places[at % places.length]?.();
}
