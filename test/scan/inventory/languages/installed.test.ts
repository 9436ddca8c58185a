import { describe, expect, test } from "bun:test";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UnreadableFile } from "../../../../src/scan/inventory/analyzer.ts";
import { languageAnalyzers } from "../../../../src/scan/inventory/languages/index.ts";
import { missingCommands, mustRun } from "../../../support/command.ts";
import { describeUnless } from "../../../support/describe-unless.ts";
import { packagesIn } from "../../../support/layer-file.ts";
import { temporaryDirectory } from "../../../support/temporary-directory.ts";

const found = (path: string, content: string) =>
  packagesIn(languageAnalyzers, path, content).map(({ type, name, version, licenses }) =>
    [type, name, version, ...licenses].join(" "),
  );

describe("Python", () => {
  const metadata = "usr/lib/python3/dist-packages/x-1.dist-info/METADATA";

  test("is found by a wheel's metadata, with the name that the index knows it by", () => {
    const content = [
      "Metadata-Version: 2.4",
      "Name: Zope.Interface_x--y",
      "Version: 8.0rc1",
      "Summary: Name: other",
      "License-Expression: ZPL-2.1",
      "",
      "Name: in the description",
    ].join("\r\n");
    expect(found(metadata, content)).toEqual(["pypi zope-interface-x-y 8.0rc1 ZPL-2.1"]);
  });

  test("is found by an egg's, whether that is a folder or a file", () => {
    const content = "Name: six\nVersion: 1.16.0\nLicense: MIT\n";
    for (const path of ["lib/six-1.16.0.egg-info", "lib/six.egg-info/PKG-INFO", "six.egg/EGG-INFO/PKG-INFO"])
      expect(found(path, content), path).toEqual(["pypi six 1.16.0 MIT"]);
  });

  test("has its licenses by classifier where the field is the license's text, or unknown", () => {
    const start = "Name: a\nVersion: 1\n";
    const classifier = "Classifier: License :: OSI Approved :: BSD License\n";
    expect(found(metadata, `${start}License: UNKNOWN\n${classifier}`)).toEqual(["pypi a 1 BSD License"]);
    expect(found(metadata, `${start}License: Copyright\n        (c) me\n${classifier}`)).toEqual([
      "pypi a 1 BSD License",
    ]);
  });

  test("is a stated failure without a name", () => {
    expect(() => found(metadata, "")).toThrow(UnreadableFile);
  });
});

describe("Node", () => {
  test("is found by what lies in node_modules, and by nothing else", () => {
    const content = '\ufeff{"name": "@acme/lib", "version": "1.0.0", "license": "MIT"}';
    const installed = ["node_modules/lib", "app/node_modules/@acme/lib", "a/node_modules/b/node_modules/c"];
    for (const folder of installed)
      expect(found(`${folder}/package.json`, content), folder).toEqual(["npm @acme/lib 1.0.0 MIT"]);
    const other = [
      "app",
      "node_modules",
      "node_modules/a/esm",
      "node_modules/@acme",
      "node_modules/a/test/b",
    ];
    for (const folder of other) expect(found(`${folder}/package.json`, content), folder).toEqual([]);
  });

  test("is nothing without a version, and has licenses in old forms", () => {
    const path = "node_modules/a/package.json";
    expect(found(path, '{"name": "a"}')).toEqual([]);
    expect(found(path, '{"name": "a", "version": "1.0.0", "license": {"type": "ISC"}}')).toEqual([
      "npm a 1.0.0 ISC",
    ]);
    const several = '{"name": "a", "version": "1.0.0", "licenses": [{"type": "MIT"}, "BSD"]}';
    expect(found(path, several)).toEqual(["npm a 1.0.0 MIT BSD"]);
    expect(() => found(path, "{")).toThrow(UnreadableFile);
  });
});

describe("PHP", () => {
  // As Composer 1 and 2 wrote them, for a package whose name has capital letters.
  const item = {
    name: "Acme/Lib",
    version: "v1.2.3",
    version_normalized: "1.2.3.0",
    license: ["MIT", "LGPL-3.0-only"],
    "install-path": "../Acme/Lib",
  };
  const path = "var/www/vendor/composer/installed.json";

  test.each([
    ["1", JSON.stringify([item])],
    ["2", JSON.stringify({ packages: [item], dev: true, "dev-package-names": [] })],
  ])("is found by what Composer %s has installed", (_, content) => {
    expect(found(path, content)).toEqual(["composer acme/lib v1.2.3 MIT LGPL-3.0-only"]);
  });

  test("is a stated failure in another form", () => {
    for (const content of ["{}", "1", '[{"name": "a/b"}]'])
      expect(() => found(path, content), content).toThrow(UnreadableFile);
  });
});

describe(".NET", () => {
  const libraries = {
    "app/1.0.0": { type: "project", serviceable: false, sha512: "" },
    "Newtonsoft.Json/13.0.1": { type: "package", path: "newtonsoft.json/13.0.1" },
    "Only.Groups/2.0.0": { type: "package" },
    "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": { type: "runtimepack" },
  };
  const target = {
    "app/1.0.0": { dependencies: { "Newtonsoft.Json": "13.0.1" }, runtime: { "app.dll": {} } },
    "Newtonsoft.Json/13.0.1": { runtime: { "lib/netstandard2.0/Newtonsoft.Json.dll": {} } },
    "Only.Groups/2.0.0": { dependencies: {} },
    "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": { native: { "libcoreclr.so": {} } },
  };
  const name = ".NETCoreApp,Version=v8.0/linux-x64";

  test("is found by what its host loads", () => {
    const content = { runtimeTarget: { name, signature: "" }, targets: { [name]: target }, libraries };
    expect(found("app/app.deps.json", JSON.stringify(content))).toEqual([
      "nuget Newtonsoft.Json 13.0.1",
      "nuget Microsoft.NETCore.App.Runtime.linux-x64 8.0.1",
    ]);
  });

  test("is every package, where the list does not say what is loaded", () => {
    expect(found("app/app.deps.json", JSON.stringify({ libraries }))).toContain("nuget Only.Groups 2.0.0");
    expect(() => found("app/app.deps.json", "[]")).toThrow(UnreadableFile);
  });
});

describe("Ruby", () => {
  const path = "usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec";

  test("is found by assignments, where a specification was not written by RubyGems", () => {
    const content =
      'Gem::Specification.new do |spec|\n  spec.name    = "json"\n  spec.version = Gem::Version.new("2.6.1")\n  spec.license = "Ruby"\nend\n';
    expect(found(path, content)).toEqual(["gem json 2.6.1 Ruby"]);
  });

  test("is not found by a specification that is none of an installed gem", () => {
    expect(found("app/json.gemspec", "# stub: json 2.6.1 ruby lib\n")).toEqual([]);
    expect(() => found(path, "s.version = VERSION")).toThrow(UnreadableFile);
  });
});

describeUnless(missingCommands("gem"), "a gem that RubyGems installed", () => {
  test("is found as it was", async () => {
    await using folder = await temporaryDirectory("gem");
    const source = join(folder.path, "source");
    await mkdir(source);
    const specification = `Gem::Specification.new do |s|
  s.name, s.version = "tiny_thing", "1.2.3.pre1"
  s.summary, s.authors, s.licenses = "x", ["me"], ["MIT", "GPL-2.0"]
end`;
    await writeFile(join(source, "tiny.gemspec"), specification);
    await mustRun(["gem", "build", "--force", "tiny.gemspec"], { cwd: source });
    const options = ["--local", "--no-document", "--install-dir", folder.path];
    await mustRun(["gem", "install", ...options, "tiny_thing-1.2.3.pre1.gem"], { cwd: source });
    const [file = ""] = (await readdir(join(folder.path, "specifications"))).filter((name) =>
      name.endsWith(".gemspec"),
    );
    const text = await Bun.file(join(folder.path, "specifications", file)).text();
    expect(found(`usr/local/bundle/specifications/${file}`, text)).toEqual([
      "gem tiny_thing 1.2.3.pre1 MIT GPL-2.0",
    ]);
  });
});
