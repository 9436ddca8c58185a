import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

interface PackageFile {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const packageFile = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as PackageFile;
const dependencies = Object.entries({ ...packageFile.dependencies, ...packageFile.devDependencies })
  // The package names itself so that `npx breakwater` works in its own folder.
  .filter(([name]) => name !== packageFile.name);

test("every dependency has its reason in docs/dependencies.md", async () => {
  const document = await readFile(join(ROOT, "docs/dependencies.md"), "utf8");
  const unexplained = dependencies.map(([name]) => name).filter((name) => !document.includes(`\`${name}\``));
  expect(unexplained).toEqual([]);
});

test("every dependency is pinned to one version", () => {
  const ranges = dependencies.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  expect(ranges).toEqual([]);
});
