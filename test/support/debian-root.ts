import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { missingForRoot, run } from "./command.ts";
import { TOOLS_FOLDER } from "./tools-folder.ts";

/** The releases of Debian that tests use as debootstrap makes them, and what they have beside the minimum. */
export const debianReleases = {
  bullseye: [],
  bookworm: [],
  /** Something of Java that is Debian's own. */
  trixie: ["libcommons-lang3-java"],
} as const;

export type DebianRelease = keyof typeof debianReleases;

export interface DebianRoot {
  readonly path: string;
  /** Why it cannot be had here; the path then leads nowhere. */
  readonly missing: string | undefined;
}

/** A Debian in a folder, which is made before the tests (`test/provision.ts`). */
export function debianRoot(release: DebianRelease): DebianRoot {
  const path = join(TOOLS_FOLDER, ["debian", release, ...debianReleases[release]].join("-"));
  const missing = existsSync(path) ? undefined : `no Debian ${release}: debootstrap has not made one`;
  return { path, missing };
}

/** Of two that make the same root, the second finds that of the first; what is half made nobody ever sees. */
const MAKE = `test -e "$1" || {
  rm -rf --one-file-system "$1.new"
  debootstrap --variant=minbase \${2:+--include="$2"} "$3" "$1.new" $4
  mv "$1.new" "$1"
}`;

/** What is mounted and started in there ends with the first program, whatever becomes of it. */
const ALONE = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];

/** Makes a root that is missing, with packages from `mirror`, debootstrap's own unless given; throws with its words. */
export async function makeDebianRoot(release: DebianRelease, mirror = ""): Promise<void> {
  const missing = missingForRoot("debootstrap", "unshare", "flock");
  if (missing !== undefined) throw new Error(missing);
  await mkdir(TOOLS_FOLDER, { recursive: true, mode: 0o700 });
  const { path } = debianRoot(release);
  const make = [...ALONE, "sh", "-ec", MAKE, "sh", path, debianReleases[release].join(","), release, mirror];
  const { code, output } = await run(["flock", "--no-fork", `${path}.lock`, ...make], { timeout: 600_000 });
  if (code !== 0) throw new Error(output.trim().split("\n").at(-1));
}
