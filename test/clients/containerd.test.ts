import { expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Breakwater, type Credentials, startBreakwater } from "../support/breakwater.ts";
import { Child } from "../support/child.ts";
import { missingForRoot, mustRun, run } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { createProject, createRobot } from "../support/harbor.ts";
import { makeImage } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const READY_WITHIN = 60_000;

/** containerd as a Kubernetes node has it, without its Kubernetes part, which wants networks. */
async function startContainerd(server: Breakwater) {
  await using started = new AsyncDisposableStack();
  const home = started.use(await temporaryDirectory("containerd"));
  const at = (name: string) => join(home.path, name);
  await writeFile(at("config.toml"), 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
  const places = ["--root", at("root"), "--state", at("state"), "--address", at("socket")];
  // Trust as a node's administrator gives it.
  await mkdir(at(`hosts/${server.host}`), { recursive: true });
  const hosts = `server = "${server.url}"\n[host."${server.url}"]\n  ca = "${server.caFile}"\n`;
  await writeFile(at(`hosts/${server.host}/hosts.toml`), hosts);
  const child = new Child("containerd", ["--config", at("config.toml"), ...places], {
    logFile: at("log"),
    env: process.env,
  });
  started.defer(async () => void (await child.stop()));
  const ctr = ["ctr", "--address", at("socket"), "--namespace", "test"];
  const deadline = Date.now() + READY_WITHIN;
  while ((await run([...ctr, "images", "ls"])).code !== 0) {
    if (child.running && Date.now() < deadline) await Bun.sleep(100);
    else throw new Error(`containerd did not become ready:\n${await readFile(at("log"), "utf8")}`);
  }

  const owned = started.move();
  const transfer = (verb: string, as: Credentials | null, args: string[]) => {
    const login = as === null ? [] : ["--user", `${as.username}:${as.password}`];
    return [...ctr, "images", verb, "--hosts-dir", at("hosts"), ...login, ...args];
  };
  return {
    images: (...args: string[]) => mustRun([...ctr, "images", ...args]),
    transfer: (verb: string, as: Credentials | null, ...args: string[]) => mustRun(transfer(verb, as, args)),
    tryTransfer: (verb: string, as: Credentials | null, ...args: string[]) => run(transfer(verb, as, args)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describeUnless(missingForRoot("containerd", "ctr"), "containerd", () => {
  test("pulls a private image with a robot's secret, pushes it on, and is refused without", async () => {
    await using server = await startBreakwater();
    await using containerd = await startContainerd(server);
    const project = await createProject(server);
    const robot = await createRobot(server, project);
    const image = await makeImage();
    await (await openRepository(server, `${project}/app`)).pushImage(image, "v1");
    const name = `${server.host}/${project}/app:v1`;
    const local = ["--snapshotter", "native"];

    const refused = await containerd.tryTransfer("pull", null, ...local, name);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/authorization failed|unauthorized|denied/i);

    await containerd.transfer("pull", robot, ...local, name);
    expect(await containerd.images("ls")).toContain(image.manifest.digest);
    const copy = `${server.host}/${project}/copy:v2`;
    await containerd.images("tag", name, copy);
    await containerd.transfer("push", robot, copy);
    const pushed = await (await openRepository(server, `${project}/copy`)).pullManifest("v2");
    expect(pushed.digest).toBe(image.manifest.digest);
  });
});
