import { existsSync, realpathSync } from "node:fs";
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isInstalled, missingCommands, mustRun } from "../support/command.ts";
import { goTool } from "../support/go-tool.ts";
import { installedByNpm, installedByPip, modulesByGo } from "../support/package-managers.ts";

/** Where images have them. */
export const places = {
  npm: "usr/lib/node_modules",
  pip: "usr/lib/python3/site-packages",
  go: "usr/bin/crane",
};

const crane = await goTool({
  module: "github.com/google/go-containerregistry",
  package: "github.com/google/go-containerregistry/cmd/crane",
  version: "v0.20.6",
});
const npm = isInstalled("npm") ? dirname(dirname(realpathSync(Bun.which("npm") ?? ""))) : "";

/** Why there is nothing that npm, pip and Go have put on this machine. */
export const missingContents = existsSync(join(npm, "node_modules"))
  ? (missingCommands("pip3", "go") ?? crane.missing)
  : "npm is not there with what it needs in a folder";

/**
 * Fills a folder with what npm, pip and Go have put on this machine: npm's own packages, what pip wrote down of each
 * that it has installed, and a program. Answers what they themselves say of it, by the types of package URLs.
 */
export async function fillWithContents(root: string): Promise<Readonly<Record<string, readonly string[]>>> {
  await cp(npm, join(root, places.npm, "npm"), { recursive: true });
  await cp(crane.path, join(root, places.go));
  const [, from = ""] = /from (.+)\/pip /.exec(await mustRun(["pip3", "--version"])) ?? [];
  const site = join(root, places.pip);
  for await (const name of new Bun.Glob("*.{dist,egg}-info").scan({ cwd: from, onlyFiles: false })) {
    await cp(join(from, name), join(site, name), { recursive: true });
  }
  const [npmPackages, pypi, golang] = await Promise.all([
    installedByNpm(join(root, places.npm, "npm")),
    installedByPip(site),
    modulesByGo(crane.path),
  ]);
  return { npm: npmPackages, pypi, golang };
}
