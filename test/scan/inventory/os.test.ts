import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import type { Digest } from "../../../src/kernel/index.ts";
import { composeImage } from "../../../src/scan/inventory/compose/compose-image.ts";
import type { ImageInventory } from "../../../src/scan/inventory/package.ts";
import { mustRun } from "../../support/command.ts";
import { describeUnless } from "../../support/describe-unless.ts";
import { ALPINE, missingAlpine } from "../../support/shared-images.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { archive, type Entry, file, read } from "./archive.ts";

async function imageOf(...entries: Entry[]): Promise<ImageInventory> {
  const { inventory } = await read(await archive(entries));
  return composeImage([{ digest: `sha256:${"0".repeat(64)}` as Digest, inventory }]);
}

const status = (text: string) => file("var/lib/dpkg/status", text);
const installed = (text: string) => file("lib/apk/db/installed", text);
const oneOf = async (entry: Entry) => (await imageOf(entry)).packages[0];

describe("dpkg's status", () => {
  const entry = (more: string) =>
    status(`Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2-3\n${more}`);

  test("names the source only where it differs", async () => {
    expect(await oneOf(entry(""))).toMatchObject({
      name: "a",
      version: "1:2-3",
      architecture: "amd64",
      source: null,
    });
    expect((await oneOf(entry("Source: b\n")))?.source).toEqual({ name: "b", version: "1:2-3" });
    expect((await oneOf(entry("Source: b (4-5)\n")))?.source).toEqual({ name: "b", version: "4-5" });
    expect((await oneOf(entry("Source: a (4-5)\n")))?.source).toEqual({ name: "a", version: "4-5" });
    expect((await oneOf(entry("source: a (1:2-3)\n")))?.source).toBeNull();
  });

  test("names the source that advisories speak of, where it was signed by way of another", async () => {
    const sourceOf = async (more: string) => (await oneOf(entry(more)))?.source;
    const linux = { name: "linux", version: "6.1.55-1" };
    const builtUsing = "Built-Using: linux (= 6.1.55-1)\n";
    expect(await sourceOf(`Source: linux-signed-amd64 (6.1.55+1)\n${builtUsing}`)).toEqual(linux);
    expect(await sourceOf(`Source: grub-efi-amd64-signed\nBuilt-Using: grub2 (= 2.06-13)\n`)).toEqual({
      ...{ name: "grub2", version: "2.06-13" },
    });
    expect(await sourceOf(`Source: another (4-5)\n${builtUsing}`)).toEqual({
      name: "another",
      version: "4-5",
    });
    const kernels = {
      ...{ "linux-signed-amd64": "linux", "linux-signed-6.12-arm64": "linux-6.12", "linux-signed": "linux" },
      ...{ "linux-signed-hwe-5.15": "linux-hwe-5.15", "linux-signed-aws": "linux-aws" },
    };
    for (const [signed, name] of Object.entries(kernels))
      expect(await sourceOf(`Source: ${signed} (6.1.55+1)\n`)).toEqual({ name, version: "1:2-3" });
    expect(await sourceOf("Source: shim-signed (1.4)\n")).toEqual({ name: "shim-signed", version: "1.4" });
  });

  test("names the vendor where there is one, which Debian's own do not say, else the maintainer", async () => {
    const vendor = async (more: string) => (await oneOf(entry(more)))?.vendor;
    expect(await vendor("Maintainer: A <a@debian.org>\n")).toBe("A <a@debian.org>");
    expect(await vendor("Maintainer: A <a@example.com>\nVendor: A Company\n")).toBe("A Company");
    expect(await vendor("")).toBeNull();
  });

  test("leaves out what is not there, and nothing else", async () => {
    const states = ["not-installed", "config-files", "half-installed", "unpacked", "half-configured"];
    const text = [...states, "triggers-awaited", "triggers-pending", "installed"]
      .map((state) => `Package: ${state}\nStatus: install ok ${state}\nVersion: 1\n`)
      .join("\n");
    const { packages } = await imageOf(status(text));
    expect(packages.map(({ name }) => name)).toEqual([
      "half-installed",
      "unpacked",
      "half-configured",
      "triggers-awaited",
      "triggers-pending",
      "installed",
    ]);
  });

  test("is not misled by what continues a field", async () => {
    const { packages } = await imageOf(
      entry("Description: x\n Package: b\n .\n\tVersion: 9\nConffiles:\n /etc/x 0\n"),
    );
    expect(packages.map(({ name, version }) => [name, version])).toEqual([["a", "1:2-3"]]);
  });

  test("that is malformed is a failure, and what can be read of it counts", async () => {
    const { packages, failures } = await imageOf(
      status("Package: a\n\nVersion: 1\n\nPackage: c\nVersion: 3"),
    );
    expect(packages.map(({ name }) => name)).toEqual(["c"]);
    expect(failures.map(({ type, reason }) => [type, reason])).toEqual([
      ["deb", "An entry says no version of its package a."],
      ["deb", "An entry says no name of its package."],
    ]);
    for (const text of ["\0\0\0\0", "no database", "\xff\xfe: x"]) {
      const image = await imageOf(status(text));
      expect(image.packages).toEqual([]);
      expect(image.failures.length, text).toBeGreaterThan(0);
    }
    expect((await imageOf(status(""))).failures).toEqual([]);
  });

  const missing =
    existsSync("/var/lib/dpkg/status") && Bun.which("dpkg-query") ? undefined : "this machine has no dpkg";
  describeUnless(missing, "of this machine", () => {
    test("has the packages, sources and versions that dpkg-query says", async () => {
      const fields = [
        "db:Status-Status",
        "Package",
        "Version",
        "Architecture",
        "source:Package",
        "source:Version",
      ];
      const format = `${fields.map((field) => `\${${field}}`).join("\\t")}\\n`;
      const said = (await mustRun(["dpkg-query", "-W", "-f", format]))
        .split("\n")
        .filter((line) => line !== "");
      const expected = said
        .map((line) => line.split("\t"))
        .filter(([state]) => state !== "not-installed" && state !== "config-files")
        .map(([, ...rest]) => rest.join(" "));
      const { packages, failures } = await imageOf(status(await readFile("/var/lib/dpkg/status", "utf8")));
      expect(failures).toEqual([]);
      const found = packages.map(({ name, version, architecture, source }) =>
        [name, version, architecture, source?.name ?? name, source?.version ?? version].join(" "),
      );
      expect(found.sort()).toEqual(expected.sort());
    });
  });
});

describe("apk's database", () => {
  test("takes the origin as source, with the package's own version", async () => {
    const text =
      "C:Q1\nP:libssl1.1\nV:1.1.1c-r0\nA:x86_64\no:openssl\nL:OpenSSL\nF:lib\nR:libssl.so.1.1\n\nP:musl\nV:1.1.22-r3\no:musl\n";
    const { packages } = await imageOf(installed(text));
    expect(
      packages.map(({ name, version, architecture, source, licenses }) => [
        name,
        version,
        architecture,
        source,
        licenses,
      ]),
    ).toEqual([
      ["libssl1.1", "1.1.1c-r0", "x86_64", { name: "openssl", version: "1.1.1c-r0" }, ["OpenSSL"]],
      ["musl", "1.1.22-r3", null, null, []],
    ]);
  });

  test("that is malformed is a failure", async () => {
    for (const text of ["P:a\n", "V:1\n", "<html>", "\0"])
      expect((await imageOf(installed(text))).failures, text).toHaveLength(1);
    expect((await imageOf(installed(""))).failures).toEqual([]);
  });

  for (const [image, release] of [
    [ALPINE, "3.10"],
    [ALPINE.replace("310", "311"), "3.11"],
  ] as const)
    describeUnless(missingAlpine(), `of the image of Alpine ${release}`, () => {
      test("has the packages that awk finds in it", async () => {
        await using directory = await temporaryDirectory("alpine");
        await mustRun(["tar", "-xf", image, "-C", directory.path]);
        const saved = await readFile(join(directory.path, "manifest.json"), "utf8");
        const [{ Layers: layers }] = JSON.parse(saved) as [{ Layers: [string] }];
        const layer = join(directory.path, layers[0]);
        const script =
          "/^P:/{p=substr($0,3)} /^V:/{v=substr($0,3)} /^A:/{a=substr($0,3)} /^o:/{o=substr($0,3)} /^$/{print p,v,a,o}";
        const said = await mustRun(["sh", "-c", `tar -xOf ${layer} lib/apk/db/installed | awk '${script}'`]);
        const { inventory } = await read(await readFile(layer));
        const { packages, failures, distribution } = composeImage([
          { digest: `sha256:${"0".repeat(64)}` as Digest, inventory },
        ]);
        const found = packages.map(({ name, version, architecture, source }) =>
          [name, version, architecture, source?.name ?? name].join(" "),
        );
        expect(found).toEqual(said.trimEnd().split("\n"));
        expect(found.length).toBeGreaterThan(10);
        expect(failures).toEqual([]);
        expect(distribution).toMatchObject({ id: "alpine", name: `Alpine Linux v${release}` });
        expect(distribution?.version).toStartWith(release);
      });
    });
});

describe("os-release", () => {
  test("is read with every kind of quote, and without what is no assignment", async () => {
    const text = `# a comment\nNAME='It is'\nID="Debian"\nVERSION_ID=12\nID_LIKE="a  b"\nPRETTY_NAME="a \\"b\\" \\$c"\nnonsense\n=x\n`;
    expect((await imageOf(file("etc/os-release", text))).distribution).toEqual({
      id: "debian",
      version: "12",
      like: ["a", "b"],
      codename: null,
      name: 'a "b" $c',
    });
  });

  test("that is too large is a failure", async () => {
    const { distribution, failures } = await imageOf(file("etc/os-release", `ID=x\n${"#".repeat(70_000)}`));
    expect(distribution).toBeNull();
    expect(failures).toHaveLength(1);
  });
});

test("whatever files hold, reading them ends, and says something", async () => {
  const paths = [
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/x",
    "var/lib/dpkg/status.d/x.md5sums",
    "var/lib/dpkg/info/x.list",
  ];
  const path = fc.constantFrom(
    ...paths,
    "lib/apk/db/installed",
    "etc/os-release",
    "etc/apk/repositories",
    "etc/redhat-release",
  );
  const word = fc.constantFrom(
    "Package:",
    "Version:",
    "Status:",
    "Source:",
    "(",
    ")",
    "P:",
    "V:",
    "F:",
    "R:",
    "ID=",
    '"',
    "'",
    "\\",
    "\n",
    " ",
    "\t",
    "\0",
    "a",
    "/",
  );
  const content = fc.oneof(
    fc.array(word, { maxLength: 60 }).map((words) => words.join("")),
    fc.uint8Array({ maxLength: 200 }),
  );
  await fc.assert(
    fc.asyncProperty(path, content, async (name, bytes) => {
      const image = await imageOf(file(name, Buffer.from(bytes as string)));
      for (const each of image.packages) expect(each.name !== "" && each.version !== "").toBe(true);
    }),
    { numRuns: 250 },
  );
});
