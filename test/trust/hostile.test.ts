import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseMultipart } from "../../src/http/tuf/multipart.ts";
import { TrustRefusal } from "../../src/trust/index.ts";
import { parseEnvelope, verifyThreshold } from "../../src/trust/tuf/envelope.ts";
import { parseInstant, showInstant } from "../../src/trust/tuf/instant.ts";
import { parseListing } from "../../src/trust/tuf/listings.ts";
import { Prefixes } from "../../src/trust/tuf/prefixes.ts";
import { TufRefusal } from "../../src/trust/tuf/refusal.ts";
import { isRole } from "../../src/trust/tuf/roles.ts";
import { parseRoot } from "../../src/trust/tuf/root.ts";
import { parseTargets } from "../../src/trust/tuf/targets.ts";
import { Author, certifiedKey, ed25519Key, keysOf, roleOf } from "./author.ts";
import { multipart } from "./upload.ts";

const gun = "registry.example/team/image";

/** Runs `work`, which may refuse what it is given and must not fail in any other way. */
function refusesAtMost(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof TufRefusal || error instanceof TrustRefusal)) throw error;
  }
}

/** Reads bytes as every kind of metadata. */
function readAll(content: Uint8Array): void {
  const envelope = parseEnvelope(content);
  const role = { name: "root", threshold: 1, keys: new Map() };
  for (const read of [
    () => parseRoot(envelope),
    () => parseTargets(envelope, "targets"),
    () => parseListing(envelope, "snapshot"),
    () => parseListing(envelope, "timestamp"),
    () => verifyThreshold(envelope, role),
  ]) {
    refusesAtMost(read);
  }
}

describe("hostile metadata", () => {
  test("any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => refusesAtMost(() => readAll(bytes))));
  });

  test("any JSON", () => {
    fc.assert(fc.property(fc.json(), (json) => refusesAtMost(() => readAll(Buffer.from(json)))));
  });

  test("good metadata, with anything in any place", async () => {
    const author = new Author(gun, await certifiedKey({ commonName: gun }));
    const payloads = [
      author.root(ed25519Key().public),
      author.targets({
        delegations: { keys: keysOf(ed25519Key().public), roles: [{ name: "targets/a", ...roleOf() }] },
      }),
      author.snapshot({ root: Buffer.from("r"), targets: Buffer.from("t") }),
    ];
    const anything = fc.jsonValue();
    fc.assert(
      fc.property(fc.constantFrom(...payloads), fc.nat(), anything, (payload, place, value) => {
        const copy = structuredClone({ signed: payload, signatures: [{ keyid: "a", method: "b", sig: "" }] });
        replace(copy, place, value);
        refusesAtMost(() => readAll(Buffer.from(JSON.stringify(copy))));
      }),
      { numRuns: 500 },
    );
  });

  test("invalid UTF-8, a byte order mark, and what follows the end", () => {
    for (const content of [
      [0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d],
      [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
      [0x7b, 0x7d, 0x7d],
    ]) {
      expect(() => parseEnvelope(Uint8Array.from(content))).toThrow(TufRefusal);
    }
  });

  test("more signatures than any role has keys", () => {
    const signatures = Array.from({ length: 257 }, () => ({ keyid: "a", method: "ecdsa", sig: "" }));
    expect(() => parseEnvelope(Buffer.from(JSON.stringify({ signatures })))).toThrow("too many signatures");
  });

  test("targets and roles that are called like what objects inherit are just called so", () => {
    const content =
      '{"signed":{"_type":"Targets","version":1,"targets":{"__proto__":{"length":1},"constructor":{}}}}';
    const { targets } = parseTargets(parseEnvelope(Buffer.from(content)), "targets");
    expect([...targets.keys()]).toEqual(["__proto__", "constructor"]);
    expect(targets.has("toString")).toBe(false);
  });
});

describe("roles", () => {
  test.each([
    "root",
    "targets",
    "snapshot",
    "timestamp",
    "targets/a",
    "targets/a_b-1/c",
    `targets/${"a".repeat(247)}`,
  ])("%s is one", (role) => expect(isRole(role)).toBe(true));
  test.each([
    "",
    "Root",
    "mirrors",
    "targets/",
    "targets//a",
    "targets/A",
    "targets/a.b",
    "targets/..",
    "targets/a/",
    "targetsa",
    `targets/${"a".repeat(248)}`,
  ])("%s is none", (role) => expect(isRole(role)).toBe(false));
});

describe("times", () => {
  test.each([
    ["2026-11-21T21:01:24Z", "Sat Nov 21 21:01:24 UTC 2026"],
    ["2026-11-21T21:01:24.735549557Z", "Sat Nov 21 21:01:24 UTC 2026"],
    ["2026-03-01T00:30:00+05:30", "Sun Mar 1 00:30:00 +0530 2026"],
    ["2026-03-01T00:30:00-08:00", "Sun Mar 1 00:30:00 -0800 2026"],
    ["2024-02-29T00:00:00Z", "Thu Feb 29 00:00:00 UTC 2024"],
  ])("%s", (text, shown) => {
    const instant = parseInstant(text);
    expect(instant?.at).toBe(Date.parse(text.replace(/(\.\d{3})\d+/, "$1")));
    expect(instant && showInstant(instant)).toBe(shown);
  });

  test.each([
    "",
    "tomorrow",
    "2026-11-21",
    "2026-11-21 21:01:24Z",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-11-21T25:00:00Z",
    "2026-11-21T21:01:24",
  ])("%p is none", (text) => expect(parseInstant(text)).toBeNull());
});

describe("prefixes", () => {
  const few = fc.array(fc.stringMatching(/^[ab]{0,4}$/), { maxLength: 8 });

  test("cover exactly what begins with one of them", () => {
    fc.assert(
      fc.property(few, fc.stringMatching(/^[abc]{0,6}$/), (prefixes, text) => {
        const any = prefixes.some((prefix) => text.startsWith(prefix));
        expect(new Prefixes(prefixes).cover(text)).toBe(any);
      }),
    );
  });

  test("are all where one of them is empty", () => {
    expect(new Prefixes(["a", ""]).isAll).toBe(true);
    expect(new Prefixes(["a"]).isAll).toBe(false);
    expect(new Prefixes([]).isAll).toBe(false);
  });
});

describe("multipart bodies", () => {
  const type = "multipart/form-data; boundary=b";

  test("any parts come out as they went in", () => {
    const name = fc.stringMatching(/^[a-z0-9/_.-]{1,40}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 200 })), { maxLength: 5 }), (parts) => {
        const { headers, body } = multipart(parts);
        const read = parseMultipart(headers["content-type"], body);
        expect(read.map(({ fileName, content }) => [fileName, Uint8Array.from(content)])).toEqual(parts);
      }),
    );
  });

  test("more parts than anybody publishes together", () => {
    const { headers, body } = multipart(Array.from({ length: 501 }, () => ["targets/a", "{}"] as const));
    expect(() => parseMultipart(headers["content-type"], body)).toThrow("too many parts");
  });

  test("any bytes", () => {
    const pieces = fc.constantFrom(
      "--b",
      "--b--",
      "\r\n",
      "\r\n\r\n",
      "--",
      "b",
      "x",
      ":",
      "Content-Disposition: form-data; filename=",
    );
    fc.assert(
      fc.property(fc.array(pieces), (chunks) =>
        refusesAtMost(() => parseMultipart(type, Buffer.from(chunks.join("")))),
      ),
    );
  });

  test.each([
    ['Content-Disposition: form-data; name="files"; filename="targets/releases"', "targets/releases"],
    ["content-disposition: form-data;filename=root", "root"],
    ['Content-Disposition: form-data; filename="a\\"b\\\\c"', 'a"b\\c'],
    ['Content-Disposition: form-data; x="; filename=no"; filename="yes"', "yes"],
    ["Content-Type: text/plain", ""],
  ])("%s", (header, fileName) => {
    const body = Buffer.from(`--b\r\n${header}\r\n\r\nx\r\n--b--\r\n`);
    expect(parseMultipart(type, body).map((part) => part.fileName)).toEqual([fileName]);
  });
});

/** Puts `value` into one of the places of a tree, the `place`th of them all. */
function replace(tree: object, place: number, value: unknown): void {
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const walk = (holder: Record<string, unknown>) => {
    for (const [key, item] of Object.entries(holder)) {
      places.push({ holder, key });
      if (typeof item === "object" && item !== null) walk(item as Record<string, unknown>);
    }
  };
  walk(tree as Record<string, unknown>);
  const chosen = places[place % places.length];
  if (chosen !== undefined) chosen.holder[chosen.key] = value;
}
