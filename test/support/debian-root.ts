import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "./command.ts";

/*
 * A Debian as debootstrap makes it, for tests. They fetch nothing themselves; as root, and with debootstrap,
 *
 *     bun test/support/debian-root.ts bullseye http://deb.debian.org/debian
 *
 * makes one that is kept beside the tools that tests build. BREAKWATER_<RELEASE>_ROOT names one that lies elsewhere.
 */

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "breakwater-tools");

export interface DebianRoot {
  readonly path: string;
  /** Why it cannot be had here; the path then leads nowhere. */
  readonly missing: string | undefined;
}

export async function debianRoot(release: string): Promise<DebianRoot> {
  const variable = `BREAKWATER_${release.toUpperCase()}_ROOT`;
  const path = process.env[variable] ?? join(CACHE, release);
  const there = await Bun.file(join(path, "var/lib/dpkg/status")).exists();
  return { path, missing: there ? undefined : `no ${release}: see test/support/debian-root.ts` };
}

async function make(release: string, mirror: string): Promise<void> {
  const path = join(CACHE, release);
  const beside = `${path}.${process.pid}`;
  await mkdir(CACHE, { recursive: true, mode: 0o700 });
  const command = ["debootstrap", "--variant=minbase", release, beside, mirror];
  const { code, output } = await run(command, { timeout: 1_800_000 });
  if (code !== 0) throw new Error(output);
  await rm(path, { recursive: true, force: true });
  await rename(beside, path);
}

if (import.meta.main) {
  const [release, mirror] = process.argv.slice(2);
  if (release === undefined || mirror === undefined) throw new Error("usage: debian-root.ts RELEASE MIRROR");
  await make(release, mirror);
}
