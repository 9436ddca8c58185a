import { readFile } from "node:fs/promises";
import { isInstalled } from "./support/command.ts";

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
 * Brings what the tests with real clients need, as root on Debian, and says what it does. Elsewhere it says what
 * is missing; the tests that need it skip themselves with that reason.
 */
export async function provision(): Promise<void> {
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
