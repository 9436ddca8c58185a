import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { isInstalled, run } from "./command.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { TOOLS_FOLDER } from "./tools-folder.ts";

export interface GoProgram {
  readonly module: string;
  readonly version: string;
  /** The package to build, where it is not the module itself. */
  readonly package?: string;
}

export interface GoTool {
  readonly path: string;
  /** Why it cannot be had here; the path then leads nowhere. */
  readonly missing: string | undefined;
}

/**
 * A program in Go, built once. A module of our own names its version, since `go install module@version` asks the
 * network about deprecations, which not every module mirror answers.
 */
export async function goTool(program: GoProgram): Promise<GoTool> {
  const source = program.package ?? program.module;
  const path = join(TOOLS_FOLDER, `${basename(source)}-${program.version}`);
  if (await Bun.file(path).exists()) return { path, missing: undefined };
  if (Bun.which("go") === null) return { path, missing: "Go is not installed" };

  await using work = await temporaryDirectory("go-build");
  const requirement = `module tool\n\ngo 1.24\n\nrequire ${program.module} ${program.version}\n`;
  await writeFile(join(work.path, "go.mod"), requirement);
  await mkdir(TOOLS_FOLDER, { recursive: true, mode: 0o700 });
  // Of two that build the same, the second finds the work of the first in Go's cache.
  const alone = isInstalled("flock") ? ["flock", join(TOOLS_FOLDER, "building")] : [];
  const built = await run([...alone, "go", "install", "-mod=mod", source], {
    cwd: work.path,
    env: {
      ...process.env,
      GOBIN: work.path,
      GOFLAGS: "-buildvcs=false",
      GOTOOLCHAIN: "local",
      GOWORK: "off",
    },
    timeout: 600_000,
  });
  if (built.code !== 0) {
    return { path, missing: `Go could not build ${source}: ${built.output.trim().split("\n").at(-1)}` };
  }
  // Copied beside its place and renamed, so that nobody ever starts half a program.
  const beside = `${path}.${process.pid}`;
  await Bun.write(beside, Bun.file(join(work.path, basename(source))), { mode: 0o755 });
  await rename(beside, path);
  return { path, missing: undefined };
}
