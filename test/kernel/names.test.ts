import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { digestOf, isTag, parseReference, parseRepositoryName, projectOf } from "../../src/kernel/index.ts";

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const separator = fc.oneof(fc.constantFrom(".", "_", "__"), fc.stringMatching(/^-{1,3}$/));
const component = fc
  .tuple(word, fc.array(fc.tuple(separator, word), { maxLength: 3 }))
  .map(([first, rest]) => first + rest.flat().join(""));

describe("a repository's name", () => {
  test("is one by the specification's grammar, with its project in front", () => {
    fc.assert(
      fc.property(fc.array(component, { minLength: 2, maxLength: 5 }), (components) => {
        const name = parseRepositoryName(components.join("/"));
        expect(projectOf(name)).toBe(components[0] ?? "");
      }),
    );
  });

  test("never leads out of the folder that it names", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z./_%\\-]{0,20}$/)), (text) => {
        let name: string;
        try {
          name = parseRepositoryName(text);
        } catch (error) {
          expect(error).toMatchObject({ code: "NAME_INVALID" });
          return;
        }
        // No part is hidden, empty or one of the registry's own, which begin with an underscore.
        expect(name.split("/").every((part) => /^[a-z0-9]/.test(part) && !part.includes(".."))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("is refused at once, however long what is none", () => {
    const hostile = [
      "a".repeat(1_000_000),
      `${"a_".repeat(127)}!`,
      `${"a-".repeat(127)}/`,
      "a/".repeat(500_000),
    ];
    for (const text of hostile) {
      expect(() => parseRepositoryName(text)).toThrow(expect.objectContaining({ code: "NAME_INVALID" }));
    }
  });

  test("has a project", () => {
    expect(() => parseRepositoryName("alpine")).toThrow("library/alpine");
  });
});

describe("a reference", () => {
  test("is a tag", () => {
    for (const tag of ["latest", "1.0", "_x", "A-b.C_d", "x".repeat(128)]) {
      expect(parseReference(tag)).toEqual({ kind: "tag", tag });
    }
  });

  test("or a digest", () => {
    const digest = digestOf("content");
    expect(parseReference(digest)).toEqual({ kind: "digest", digest });
  });

  test("or refused as the one that it looks like", () => {
    for (const text of ["", ".", "..", ".x", "-x", "a/b", "a b", "x".repeat(129), "\u00e9", "a\n"]) {
      expect(isTag(text)).toBe(false);
      expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "TAG_INVALID" }));
    }
    for (const text of [":", "sha256:x", "latest:latest"]) {
      expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "DIGEST_INVALID" }));
    }
  });
});
