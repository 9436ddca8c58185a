import { describe, expect, test } from "bun:test";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { UnreadableFile } from "../../../../src/scan/inventory/analyzer.ts";
import { languageAnalyzers } from "../../../../src/scan/inventory/languages/index.ts";
import { elfOf } from "../../../support/elf.ts";
import { findsIn } from "../../../support/layer-file.ts";
import { zipOf } from "../../../support/zip.ts";

const elf = (name: string, content: Uint8Array) =>
  elfOf({ bits: 64, littleEndian: true, address: 0x1000, sections: [{ name, content }] });
const goInfo = Buffer.concat([
  Buffer.from("\xff Go buildinf:\x08\x02", "latin1"),
  Buffer.alloc(16),
  Buffer.from("\x08go1.22.3\x40"),
  Buffer.alloc(16),
  Buffer.from("dep\texample.com/dep\tv1.2.3\th1:=\n".padEnd(32)),
  Buffer.alloc(16),
]);
const crates = deflateSync('{"packages": [{"name": "a", "version": "1.0.0", "source": "crates.io"}]}');
const jar = zipOf([
  { name: "META-INF/MANIFEST.MF", content: "Implementation-Version: 1\r\nBundle-SymbolicName: a.b\r\n" },
  { name: "META-INF/maven/g/a/pom.properties", content: "groupId=g\nartifactId=a\nversion=1\n" },
  {
    name: "lib/b-1.jar",
    content: zipOf([{ name: "META-INF/MANIFEST.MF", content: "A: b\n" }]),
    stored: true,
  },
]);

const files: readonly (readonly [string, Uint8Array])[] = [
  ["usr/bin/go-program", elf(".go.buildinfo", goInfo)],
  ["usr/bin/rust-program", elf(".dep-v0", crates)],
  ["opt/x.jar", jar],
  ["a.dist-info/METADATA", Buffer.from("Name: a\nVersion: 1\nLicense: x\n y\nClassifier: License :: b\n")],
  ["node_modules/a/package.json", Buffer.from('{"name": "a", "version": "1", "licenses": [{"type": "b"}]}')],
  ["specifications/a-1.gemspec", Buffer.from('# stub: a 1 ruby lib\n\ns.licenses = ["MIT".freeze]\n')],
  [
    "vendor/composer/installed.json",
    Buffer.from('{"packages": [{"name": "a/b", "version": "1", "license": ["c"]}]}'),
  ],
  [
    "app.deps.json",
    Buffer.from(
      '{"runtimeTarget": {"name": "t"}, "targets": {"t": {"A/1": {"runtime": {"a": {}}}}}, "libraries": {"A/1": {"type": "package"}}}',
    ),
  ],
];

describe.each(files)("%s", (path, whole) => {
  test("tells of packages", () => {
    expect(findsIn(languageAnalyzers, path, whole)).toContainEqual({ package: expect.anything() });
  });

  test("throws nothing but stated failures, when damaged", () => {
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(damage, fc.nat(whole.length), (changes, length) => {
        const damaged = whole.slice();
        for (const [at, value] of changes) damaged[at] = value;
        expectStated(path, damaged);
        expectStated(path, whole.subarray(0, length));
      }),
      { numRuns: 300 },
    );
  });
});

test("texts that are made to be slow are read at once", () => {
  const many = (piece: string) => piece.repeat(Math.floor((8 * 1024 * 1024) / piece.length));
  const slow: readonly (readonly [string, string])[] = [
    ["specifications/a-1.gemspec", many(" \t")],
    ["specifications/a-1.gemspec", many("# stub: ")],
    ["specifications/a-1.gemspec", many("a.name = \n")],
    ["specifications/a-1.gemspec", `# stub: a 1 ruby lib\ns.licenses = [${many("'")}`],
    ["a.dist-info/METADATA", many("a:\n ")],
    ["a.dist-info/METADATA", many(" \n")],
    ["node_modules/a/package.json", many("[")],
    [
      "node_modules/a/package.json",
      `{"name":"a","version":"1","license":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
    ],
    ["vendor/composer/installed.json", many('{"a":')],
  ];
  for (const [path, text] of slow) {
    // Quadratic would be hours: the test would not end.
    expectStated(path, Buffer.from(text));
  }
});

function expectStated(path: string, content: Uint8Array): void {
  try {
    findsIn(languageAnalyzers, path, content);
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableFile);
  }
}
