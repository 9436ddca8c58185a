import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildRpms, ndbOf, recordsOf, writeBdb } from "../scan/inventory/rpm/databases.ts";
import { missingCommands, mustRun, run } from "../support/command.ts";
import { type DebianRelease, debianReleases, debianRoot } from "../support/debian-root.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { artifactByMaven, dpkgQuery, installedByDpkg, installedByRpm } from "../support/package-managers.ts";
import { ALPINES, missingAlpine } from "../support/shared-images.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { noDockerEngine } from "./docker-engine.ts";
import { languageLines, systemLines, typesOf } from "./scanned-image.ts";
import { type Scene, startScene } from "./scanned-scene.ts";

/** As Debian's own images for containers are made: without what only people read. */
const slim = ["share/doc/*", "share/info/*", "share/locale/*", "share/man/*"].map((path) => `./usr/${path}`);
const slimmed = [...slim, "./var/cache/apt/*", "./var/lib/apt/lists/*", "./dev/*", "./proc/*"].map(
  (path) => `--exclude=${path}`,
);

describeUnless(await noDockerEngine(), "an image that Docker pushed", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene();
  });
  afterAll(() => scene?.[Symbol.asyncDispose]());

  for (const [index, release] of (Object.keys(debianReleases) as DebianRelease[]).entries()) {
    const { path: root, missing } = debianRoot(release);
    const database = `--admindir=${join(root, "var/lib/dpkg")}`;
    describeUnless(missing ?? missingCommands("dpkg-query", "unzip"), `of Debian ${release}`, () => {
      test("has the packages that dpkg lists, and no others but what they bring", async () => {
        const image = await scene.push(await scene.importFolder(root, ...slimmed));
        expect(image.gaps).toEqual([]);
        expect(systemLines(image, "deb")).toEqual(installedByDpkg(await mustRun([...dpkgQuery, database])));
        const jar = join(root, "usr/share/java/commons-lang3.jar");
        const jars = release === "trixie" ? [await artifactByMaven(jar)] : [];
        expect(languageLines(image, "maven")).toEqual(jars);
        expect(typesOf(image)).toEqual(jars.length > 0 ? ["deb", "maven"] : ["deb"]);
        for (const { path, managed } of image.packages.filter(({ type }) => type !== "deb")) {
          const { code } = await run(["dpkg-query", database, "--search", `/${path}`]);
          expect(managed, path).toBe(code === 0);
        }
        expect(image.coverage[0]).toBe(`Debian:${index + 11} no_feed`);
      });
    });
  }

  for (const [name, archive] of Object.entries(ALPINES)) {
    describeUnless(missingAlpine(archive), `of ${name}`, () => {
      test("has the packages of apk's database, and no others", async () => {
        await scene.load(archive);
        const image = await scene.push(name);
        expect(image.gaps).toEqual([]);
        expect(systemLines(image, "apk")).toEqual(await scene.installedByApk(name));
        expect(typesOf(image)).toEqual(["apk"]);
        expect(image.coverage).toEqual([`${name.replace("alpine:", "Alpine:v")} no_feed`]);
      });
    });
  }

  describeUnless(missingCommands("rpm", "rpmbuild", "db5.3_load"), "of packages that rpm installed", () => {
    let folder: TemporaryDirectory;
    let root: string;
    let installed: readonly string[];
    beforeAll(async () => {
      folder = await temporaryDirectory("rpm");
      root = join(folder.path, "root");
      await mkdir(join(root, "var/lib/rpm"), { recursive: true });
      await mkdir(join(root, "etc"));
      await writeFile(join(root, "etc/os-release"), 'ID="rhel"\nVERSION_ID="9.4"\n');
      const rpms = await buildRpms(folder.path, "Red Hat, Inc.");
      await mustRun(["rpm", "--root", root, "--dbpath", "/var/lib/rpm", "--install", "--nodeps", ...rpms]);
      installed = await installedByRpm(root, "/var/lib/rpm");
    });
    afterAll(() => folder?.[Symbol.asyncDispose]());

    test.each(["rpmdb.sqlite", "Packages.db", "Packages"])("has what rpm lists, by %s", async (form) => {
      const copy = join(folder.path, form);
      await cp(root, copy, { recursive: true });
      const database = join(copy, "var/lib/rpm");
      if (form !== "rpmdb.sqlite") {
        const records = recordsOf(join(database, "rpmdb.sqlite"));
        await rm(database, { recursive: true });
        await mkdir(database);
        if (form === "Packages") await writeBdb(records, join(database, form), 4096);
        else await writeFile(join(database, form), ndbOf(records));
      }
      const image = await scene.push(await scene.importFolder(copy));
      expect(image.gaps).toEqual([]);
      expect(systemLines(image, "rpm")).toEqual(installed);
      expect(installed).toHaveLength(3);
      // What one of them brings for Python.
      expect(languageLines(image, "pypi")).toEqual(["owned 1"]);
      expect(image.packages.find(({ type }) => type === "pypi")?.managed).toBe(true);
      expect(image.coverage).toEqual(["Red Hat:9 no_feed"]);
    });
  });

  const bookworm = debianRoot("bookworm");
  describeUnless(bookworm.missing, "of Debian, with a package removed on top of it", () => {
    test("has what dpkg lists as installed, not what it keeps the configuration of", async () => {
      const below = await scene.importFolder(bookworm.path, ...slimmed);
      const built = await scene.build([`FROM ${below}`, "RUN dpkg --remove --force-all apt"]);
      const said = await scene.runIn(built, ...dpkgQuery);
      expect(said).toContain("config-files apt ");
      const image = await scene.push(built);
      expect(image.gaps).toEqual([]);
      expect(systemLines(image, "deb")).toEqual(installedByDpkg(said));
      // The database came with the upper layer, what it lists did not.
      expect([...new Set(image.packages.map(({ layer }) => layer))]).toEqual(image.layers.slice(0, 1));
    });
  });
});
