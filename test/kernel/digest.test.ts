import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  digestAlgorithm,
  digestHex,
  digestOf,
  isDigest,
  isDigestAlgorithm,
  parseDigest,
} from "../../src/kernel/index.ts";

test("a digest is that of the bytes, by its algorithm", () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.constantFrom("sha256" as const, "sha512" as const),
      (bytes, algorithm) => {
        const digest = digestOf(bytes, algorithm);
        expect(digest as string).toBe(`${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`);
        expect(parseDigest(digest)).toBe(digest);
        expect(digestAlgorithm(digest)).toBe(algorithm);
        expect(`${algorithm}:${digestHex(digest)}`).toBe(digest);
      },
    ),
  );
});

describe("what is no digest", () => {
  const hex = "a".repeat(64);
  const texts = [
    "",
    hex,
    `sha256:${hex}a`,
    `sha256:${hex.slice(1)}`,
    `sha512:${hex}`,
    `SHA256:${hex}`,
    `sha256:${hex.toUpperCase()}`,
    `sha384:${"a".repeat(96)}`,
    `sha256:${hex}\n`,
    ` sha256:${hex}`,
    `sha256:${"g".repeat(64)}`,
    `sha256:../${"a".repeat(61)}`,
    `sha256:${"\u0430".repeat(64)}`,
  ];
  for (const text of texts) {
    test(JSON.stringify(text.slice(0, 24)), () => {
      expect(isDigest(text)).toBe(false);
      expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: "DIGEST_INVALID" }));
    });
  }

  test("any text at all", () => {
    fc.assert(fc.property(fc.string(), (text) => expect(isDigest(text)).toBe(false)));
  });
});

test("algorithms are those that are known, and no property that objects happen to have", () => {
  expect(["sha256", "sha512"].every(isDigestAlgorithm)).toBe(true);
  expect(["sha1", "", "__proto__", "constructor", "toString"].some(isDigestAlgorithm)).toBe(false);
});
