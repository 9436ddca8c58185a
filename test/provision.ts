import { readFile } from "node:fs/promises";
import { isInstalled } from "./support/command.ts";
import { type DebianRelease, debianReleases, debianRoot, makeDebianRoot } from "./support/debian-root.ts";

/** Commands that tests use, and the Debian packages that bring them: the first one that this release has. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  dockerd: ["docker.io"],
  docker: ["docker-cli", "docker.io"],
  containerd: ["containerd"],
  "docker-registry": ["docker-registry"],
  skopeo: ["skopeo"],
  podman: ["podman"],
  buildah: ["buildah"],
  kubectl: ["kubernetes-client"],
  pg_ctlcluster: ["postgresql"],
  notary: ["notary"],
  "notary-server": ["notary"],
  openssl: ["openssl"],
  nginx: ["nginx"],
  rpm: ["rpm"],
  rpmbuild: ["rpm"],
  "db5.3_load": ["db5.3-util"],
  gem: ["ruby"],
  pip3: ["python3-pip"],
  objcopy: ["binutils"],
  debootstrap: ["debootstrap"],
  unzip: ["unzip"],
  // The server's own programs lie in a folder for each version; this one comes with every version.
  pg_createcluster: ["postgresql"],
};

const ENVIRONMENT = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };

async function onDebian(): Promise<boolean> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^ID(_LIKE)?=.*debian/m.test(release) && isInstalled("apt-get");
}

async function succeeds(...command: string[]): Promise<boolean> {
  const child = Bun.spawn(command, {
    env: ENVIRONMENT,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  return (await child.exited) === 0;
}

async function firstKnown(packages: readonly string[]): Promise<string | undefined> {
  for (const name of packages) {
    const child = Bun.spawn(["apt-cache", "show", "--no-all-versions", name], {
      stdout: "pipe",
      stderr: "ignore",
    });
    if ((await child.stdout.text()) !== "") return name;
  }
  return undefined;
}

/**
 * Brings what the tests with real clients and real images need, as root on Debian, and says what it does. Elsewhere
 * it says what is missing; the tests that need it skip themselves with that reason.
 */
export async function provision(): Promise<void> {
  await provisionTools();
  await provisionDebians();
}

async function provisionTools(): Promise<void> {
  const missing = Object.keys(TOOLS).filter((command) => !isInstalled(command));
  if (missing.length === 0) return;
  const without = `tests that need ${missing.join(", ")} will be skipped`;
  if (!(await onDebian())) return console.log(`provision: not on Debian, so ${without}`);
  if (process.getuid?.() !== 0)
    return console.log(`provision: not root, so nothing is installed: ${without}`);

  if (!(await succeeds("apt-get", "update", "-qq"))) {
    console.log("provision: apt-get update failed; going on with the package lists that are there");
  }
  const known = await Promise.all(missing.map((command) => firstKnown(TOOLS[command] ?? [])));
  const packages = [...new Set(known.filter((name) => name !== undefined))];
  console.log(`provision: installing ${packages.join(", ")} for ${missing.join(", ")}`);
  if (!(await succeeds("apt-get", "install", "-y", "-qq", "--no-install-recommends", ...packages))) {
    const still = missing.filter((command) => !isInstalled(command));
    console.log(`provision: apt-get install failed; tests that need ${still.join(", ")} will be skipped`);
  }
}

async function provisionDebians(): Promise<void> {
  const releases = Object.keys(debianReleases) as DebianRelease[];
  const missing = releases.filter((release) => debianRoot(release).missing !== undefined);
  if (missing.length === 0) return;
  console.log(`provision: making Debian ${missing.join(", ")} with debootstrap`);
  const mirror = await debianMirror();
  const made = await Promise.allSettled(missing.map((release) => makeDebianRoot(release, mirror)));
  for (const [index, result] of made.entries()) {
    if (result.status === "fulfilled") continue;
    console.log(`provision: no Debian ${missing[index]}, so its tests will be skipped: ${result.reason}`);
  }
}

/** Where this machine has its own packages from, if it is a Debian. */
async function debianMirror(): Promise<string | undefined> {
  if (!isInstalled("apt-get")) return undefined;
  const filters = ["Created-By: Packages", "Origin: Debian", "Label: Debian"];
  const child = Bun.spawn(["apt-get", "indextargets", "--format=$(REPO_URI)", ...filters], {
    stdout: "pipe",
    stderr: "ignore",
  });
  return (await child.stdout.text()).split("\n").find((line) => line !== "");
}
