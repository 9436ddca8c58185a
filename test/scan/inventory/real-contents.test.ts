import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../../src/kernel/index.ts";
import { composeImage } from "../../../src/scan/inventory/index.ts";
import type { ImageInventory } from "../../../src/scan/inventory/package.ts";
import { missingCommands, mustRun } from "../../support/command.ts";
import { describeUnless } from "../../support/describe-unless.ts";
import { buildGoProgram } from "../../support/go-program.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../support/temporary-directory.ts";
import { zipOf } from "../../support/zip.ts";
import { read } from "./archive.ts";
import { makeRpmDatabase, ownedFile } from "./rpm/databases.ts";

const missing = missingCommands("npm", "pip3", "go", "rpm", "rpmbuild", "tar");

describeUnless(missing, "a layer that npm, pip, Go, Maven's files and rpm have filled", () => {
  let folder: TemporaryDirectory;
  let image: ImageInventory;

  beforeAll(async () => {
    folder = await temporaryDirectory("contents");
    const root = join(folder.path, "root");
    const fill = [npm, pip, goProgram, jar, rpm];
    await Promise.all(
      fill.map(async (each, index) => {
        const work = join(folder.path, String(index));
        await mkdir(work);
        await each(work, root);
      }),
    );
    await mustRun(["tar", "-C", root, "-czf", join(folder.path, "layer.tar.gz"), "."]);
    const layer = Buffer.from(await Bun.file(join(folder.path, "layer.tar.gz")).bytes());
    const { inventory } = await read(layer);
    image = composeImage([{ digest: digestOf(layer), inventory }]);
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  test("has their packages, and nothing that could not be read", () => {
    const release = expect.stringMatching(/^golang stdlib \d+\.\d+/);
    expect(
      image.packages.map(({ type, name, version, path }) => `${type} ${name} ${version} ${path}`).sort(),
    ).toEqual([
      "golang example.com/dep v1.2.3 usr/bin/program",
      "golang example.com/fork v0.9.0-rc.1 usr/bin/program",
      "golang example.com/local v1.0.0 usr/bin/program",
      release,
      "maven org.acme:lib 1.2.3 opt/app.war!/WEB-INF/lib/lib-1.2.3.jar",
      "npm @acme/lib 1.0.0 app/node_modules/@acme/lib/package.json",
      "pypi acme-py 2.0 usr/lib/python3/site-packages/Acme.Py-2.0.dist-info/METADATA",
      `pypi owned 1 ${ownedFile}`,
      "rpm plain 1.0~rc1-3.el9 var/lib/rpm/rpmdb.sqlite",
      "rpm with-everything 2:1.0~rc1-3.el9 var/lib/rpm/rpmdb.sqlite",
      "rpm with-everything-sub 2:7-3.el9 var/lib/rpm/rpmdb.sqlite",
    ]);
    expect(image.failures).toEqual([]);
  });

  test("knows which of them rpm answers for", () => {
    const managed = image.packages.filter((each) => each.managed).map(({ name }) => name);
    expect(managed).toEqual(["owned"]);
  });
});

async function npm(work: string, root: string): Promise<void> {
  await Bun.write(join(work, "lib/package.json"), '{"name": "@acme/lib", "version": "1.0.0"}');
  await Bun.write(join(work, "lib/fixture/package.json"), '{"name": "fixture", "version": "1.0.0"}');
  await mustRun(["npm", "pack", "--silent"], { cwd: join(work, "lib") });
  const options = ["--offline", "--no-audit", "--no-fund", "--silent", "--prefix", join(root, "app")];
  await mustRun(["npm", "install", ...options, join(work, "lib/acme-lib-1.0.0.tgz")]);
}

async function pip(work: string, root: string): Promise<void> {
  const info = "Acme.Py-2.0.dist-info";
  const wheel = zipOf([
    { name: "acme.py", content: "" },
    { name: `${info}/METADATA`, content: "Metadata-Version: 2.1\nName: Acme.Py\nVersion: 2.0\n" },
    { name: `${info}/WHEEL`, content: "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n" },
    { name: `${info}/RECORD`, content: "" },
  ]);
  const file = join(work, "Acme.Py-2.0-py3-none-any.whl");
  await writeFile(file, wheel);
  const target = join(root, "usr/lib/python3/site-packages");
  await mustRun(["pip3", "install", "--no-index", "--no-deps", "--quiet", "--target", target, file]);
}

async function goProgram(work: string, root: string): Promise<void> {
  await cp(await buildGoProgram(work), join(root, "usr/bin/program"));
}

async function jar(_: string, root: string): Promise<void> {
  const name = "META-INF/maven/org.acme/lib/pom.properties";
  const lib = zipOf([{ name, content: "groupId=org.acme\nartifactId=lib\nversion=1.2.3\n" }]);
  await Bun.write(join(root, "opt/app.war"), zipOf([{ name: "WEB-INF/lib/lib-1.2.3.jar", content: lib }]));
}

async function rpm(work: string, root: string): Promise<void> {
  await cp(await makeRpmDatabase(work), join(root, "var/lib/rpm"), { recursive: true });
  await rm(join(root, "var/lib/rpm/.rpm.lock"), { force: true });
  await Bun.write(join(root, ownedFile), "Name: owned\nVersion: 1\n");
}
