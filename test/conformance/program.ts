import { mkdir, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "../support/command.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const MODULE = "github.com/opencontainers/distribution-spec/conformance";
export const VERSION = "v0.0.0-20260730175803-fee21197eb94";

/** Outside the repository, kept between runs, and writable by this user alone. */
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "breakwater-tools");

export type Program = { readonly path: string } | { readonly missing: string };

/**
 * The OCI's conformance program, built once. A module of our own names its version, since `go install
 * module@version` asks the network about deprecations, which not every module mirror answers.
 */
export async function conformanceProgram(): Promise<Program> {
  if (Bun.which("go") === null) return { missing: "Go is not installed" };
  const path = join(CACHE, `conformance-${VERSION}`);
  if (await Bun.file(path).exists()) return { path };

  await using work = await temporaryDirectory("conformance-build");
  await writeFile(
    join(work.path, "go.mod"),
    `module conformance-tool\n\ngo 1.24\n\nrequire ${MODULE} ${VERSION}\n`,
  );
  const built = await run(["go", "install", "-mod=mod", MODULE], {
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
  if (built.code !== 0)
    return { missing: `Go could not build it: ${built.output.trim().split("\n").at(-1)}` };
  await mkdir(CACHE, { recursive: true, mode: 0o700 });
  // Across file systems a rename fails; a copy beside the target, then renamed, is never seen half-written.
  const beside = `${path}.${process.pid}`;
  await Bun.write(beside, Bun.file(join(work.path, "conformance")), { mode: 0o755 });
  await rename(beside, path);
  return { path };
}
