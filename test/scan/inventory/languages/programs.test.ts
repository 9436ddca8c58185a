import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { UnreadableFile } from "../../../../src/scan/inventory/analyzer.ts";
import { languageAnalyzers } from "../../../../src/scan/inventory/languages/index.ts";
import { missingCommands, mustRun } from "../../../support/command.ts";
import { describeUnless } from "../../../support/describe-unless.ts";
import { elfOf, firstSection } from "../../../support/elf.ts";
import { buildGoProgram } from "../../../support/go-program.ts";
import { packagesIn } from "../../../support/layer-file.ts";
import { buildRustProgram } from "../../../support/rust-program.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../../support/temporary-directory.ts";

const found = (bytes: Uint8Array, path = "usr/bin/program") =>
  packagesIn(languageAnalyzers, path, bytes).map(({ name, version }) => `${name} ${version}`);

const kinds = [
  { bits: 32, littleEndian: true },
  { bits: 32, littleEndian: false },
  { bits: 64, littleEndian: true },
  { bits: 64, littleEndian: false },
] as const;

const crates = JSON.stringify({
  packages: [
    { name: "app", version: "0.1.0", source: "local", dependencies: [1], root: true },
    { name: "serde", version: "1.0.99", source: "crates.io" },
    { name: "cc", version: "1.0.1", source: "crates.io", kind: "build" },
    { name: "rand", version: "0.8.5", source: "crates.io", kind: "runtime" },
  ],
});

describeUnless(missingCommands("go"), "a program that Go built", () => {
  let folder: TemporaryDirectory;
  let program: Uint8Array;
  let path: string;

  beforeAll(async () => {
    folder = await temporaryDirectory("go-program");
    path = await buildGoProgram(folder.path, "-ldflags=-s -w");
    program = await Bun.file(path).bytes();
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  test("has the modules that Go itself lists, and its standard library", async () => {
    const listed = await mustRun(["go", "version", "-m", path]);
    const release = /: go(\d+(?:\.\d+)*)/.exec(listed)?.[1];
    expect(listed).toContain("example.com/local\tv1.0.0");
    expect(found(program)).toEqual([
      `stdlib ${release}`,
      "example.com/dep v1.2.3",
      "example.com/local v1.0.0",
      "example.com/fork v0.9.0-rc.1",
    ]);
  });

  test("has them as a program of Windows too, and without a table of sections", () => {
    // Not the real one: a text of the program that looks like it.
    const decoy = Buffer.from("\xff Go buildinf:text".padEnd(16), "latin1");
    const windows = program.slice();
    windows.set(Buffer.from("MZ"));
    windows.set(decoy, 64);
    const bare = program.slice();
    new DataView(bare.buffer).setBigUint64(40, 0n, true);
    expect(found(windows, "app/program.exe")).toEqual(found(program));
    expect(found(bare)).toEqual(found(program));
  });

  test.skipIf(missingCommands("objcopy") !== undefined)(
    "has them where the section has another name, as Go itself finds them",
    async () => {
      const renamed = join(folder.path, "renamed");
      await mustRun(["objcopy", "--rename-section", ".go.buildinfo=.foo", path, renamed]);
      expect(await mustRun(["go", "version", "-m", renamed])).toContain("example.com/dep");
      expect(found(await Bun.file(renamed).bytes())).toEqual(found(program));
    },
  );

  test("is a stated failure when it is cut off", () => {
    expect(() => found(program.subarray(0, program.length / 2))).toThrow(UnreadableFile);
  });

  test.skipIf(missingCommands("objcopy") !== undefined)(
    "has crates too, where a section lists them",
    async () => {
      const list = join(folder.path, "list");
      const audited = join(folder.path, "audited");
      await writeFile(list, deflateSync(crates));
      await mustRun(["objcopy", `--add-section=.dep-v0=${list}`, path, audited]);
      await chmod(audited, 0o755);
      const names = found(await Bun.file(audited).bytes());
      expect(names).toContain("example.com/dep v1.2.3");
      expect(names.slice(-3)).toEqual(["app 0.1.0", "serde 1.0.99", "rand 0.8.5"]);
    },
  );
});

describeUnless(missingCommands("cargo", "cargo-auditable"), "what cargo auditable built", () => {
  test("has the crates that cargo itself lists, be it a program or a shared library", async () => {
    await using folder = await temporaryDirectory("rust-program");
    const { program, library, crates } = await buildRustProgram(folder.path);
    expect(crates.toSorted()).toEqual(["app 0.4.0", "inner 1.2.3", "outer 0.9.0-rc.1"]);
    for (const path of [program, library])
      expect(found(await Bun.file(path).bytes(), path).sort(), path).toEqual(crates.toSorted());
  });
});

describe.each(kinds)("an executable of $bits bits, little-endian: $littleEndian", (kind) => {
  test("has the modules that Go before 1.18 wrote, behind two pointers", () => {
    const bytes = elfOf({ ...kind, ...oldBuildInfo(kind, "go1.16.4", moduleList("v1.4.0")) });
    expect(found(bytes)).toEqual(["stdlib 1.16.4", "example.com/dep v1.4.0"]);
    const { address, sections } = oldBuildInfo(kind, "go1.16.4", moduleList("v1.4.0"));
    const renamed = sections.map((section) => ({ ...section, name: ".data" }));
    expect(found(elfOf({ ...kind, address, sections: renamed }))).toEqual(found(bytes));
  });

  test("has the crates of its section", () => {
    const content = deflateSync(crates);
    const bytes = elfOf({ ...kind, address: 0x10000, sections: [{ name: ".dep-v0", content }] });
    expect(found(bytes)).toEqual(["app 0.1.0", "serde 1.0.99", "rand 0.8.5"]);
    expect(found(bytes, "usr/lib/python3/_native.abi3.so")).toEqual(found(bytes));
  });

  test("has nothing, when it says nothing", () => {
    const sections = [{ name: ".text", content: Buffer.alloc(64) }];
    expect(found(elfOf({ ...kind, address: 0, sections }))).toEqual([]);
  });
});

describe("what Go writes of versions", () => {
  const kind = { bits: 64, littleEndian: true } as const;
  const of = (goVersion: string, modules: string) =>
    found(elfOf({ ...kind, ...oldBuildInfo(kind, goVersion, modules) }));

  test.each([
    ["go1.22.3 X:nocoverageredesign", "stdlib 1.22.3"],
    ["go1.21.5-fips", "stdlib 1.21.5"],
    ["go1.23rc2", "stdlib 1.23rc2"],
    ["devel go1.24-abcdef", "stdlib devel go1.24-abcdef"],
  ])("%s is %s", (goVersion, expected) => {
    expect(of(goVersion, "")).toEqual([expected]);
  });

  test("is nothing of a main module that was never released", () => {
    for (const version of ["(devel)", "", "v0.0.0-20240101000000-abcdefabcdef"])
      expect(of("go1.16", moduleList("v1.0.0", version))).toEqual(["stdlib 1.16", "example.com/dep v1.0.0"]);
    expect(of("go1.16", moduleList("v1.0.0", "v2.0.1"))).toContain("example.com/app v2.0.1");
  });
});

test("a list of crates that grows without an end is a stated failure", () => {
  const content = deflateSync(Buffer.alloc(64 * 1024 * 1024));
  const sections = [{ name: ".dep-v0", content }];
  expect(() => found(elfOf({ bits: 64, littleEndian: true, address: 0, sections }))).toThrow(UnreadableFile);
});

test("only what may be a program is opened", () => {
  const wanted = (path: string) =>
    languageAnalyzers.some(
      ({ wants, type }) => type === "golang" && wants(path, path.split("/").at(-1) ?? ""),
    );
  for (const path of [
    ...["app", "usr/bin/helm-v3.1", "opt/tool.linux-amd64", "usr/share/grafana/bin/grafana"],
    ...["usr/lib/libc.so.6", "app/plugin.so", "app/node_modules/x/index.linux-x64-gnu.node"],
  ])
    expect(wanted(path), path).toBe(true);
  for (const path of ["usr/lib/libc.a", "etc/nginx.conf", "usr/share/doc/bash/copyright", "a/b.py"])
    expect(wanted(path), path).toBe(false);
  const object = Buffer.from(elfOf({ bits: 64, littleEndian: true, address: 0, sections: [] }));
  object.writeUInt16LE(1, 16);
  expect(languageAnalyzers.some(({ accepts, type }) => type === "golang" && accepts?.(object, 1))).toBe(
    false,
  );
});

function moduleList(version: string, main = "(devel)"): string {
  const marker = "\u0000".repeat(16);
  return `${marker}path\texample.com/app\nmod\texample.com/app\t${main}\t\ndep\texample.com/dep\t${version}\th1:x=\n${marker}`;
}

/** As the linker laid it out up to Go 1.17. */
function oldBuildInfo(kind: (typeof kinds)[number], goVersion: string, modules: string) {
  const address = 0x400000;
  const width = kind.bits / 8;
  const pointers = (...values: readonly number[]) =>
    Buffer.concat(
      values.map((value) => {
        const bytes = Buffer.alloc(width);
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        if (width === 8) view.setBigUint64(0, BigInt(value), kind.littleEndian);
        else view.setUint32(0, value, kind.littleEndian);
        return bytes;
      }),
    );
  const [headers, texts] = [32, 32 + 4 * width];
  const start = address + firstSection;
  const content = Buffer.concat([
    Buffer.from("\xff Go buildinf:", "latin1"),
    Buffer.from([width, kind.littleEndian ? 0 : 1]),
    pointers(start + headers, start + headers + 2 * width),
    Buffer.alloc(16 - 2 * width),
    pointers(start + texts, goVersion.length, start + texts + goVersion.length, modules.length),
    Buffer.from(goVersion + modules),
  ]);
  return { address, sections: [{ name: ".go.buildinfo", content }] };
}
