import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { startBreakwater } from "../support/breakwater.ts";
import { Child } from "../support/child.ts";
import { missingCommands } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { makeImage } from "../support/image.ts";
import { writeLayout } from "../support/oci-layout.ts";
import { freePort } from "../support/ports.ts";
import { openRepository } from "../support/registry-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { containersHome } from "./containers-home.ts";

/** Debian's docker-registry, on loopback and without passwords. */
async function startDockerRegistry() {
  await using started = new AsyncDisposableStack();
  const home = started.use(await temporaryDirectory("docker-registry"));
  const host = `127.0.0.1:${await freePort()}`;
  const configFile = join(home.path, "config.yml");
  const storage = { filesystem: { rootdirectory: join(home.path, "data") } };
  await writeFile(configFile, stringify({ version: "0.1", storage, http: { addr: host } }));
  const child = new Child("docker-registry", ["serve", configFile], {
    logFile: join(home.path, "log"),
    env: process.env,
  });
  started.defer(async () => void (await child.stop()));
  while (child.running && !(await fetch(`http://${host}/v2/`).catch(() => undefined))?.ok)
    await Bun.sleep(50);
  const owned = started.move();
  return { host, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describeUnless(missingCommands("docker-registry", "skopeo"), "moving from docker-registry", () => {
  test("skopeo sync brings every tag over, unchanged", async () => {
    await using server = await startBreakwater();
    await using old = await startDockerRegistry();
    await using home = await containersHome(server);
    await home.login("skopeo", server, server.admin);
    const images = { v1: await makeImage({ format: "docker" }), v2: await makeImage() };
    for (const [tag, image] of Object.entries(images)) {
      await writeLayout(home.path(tag), [image]);
      const to = ["--preserve-digests", "--dest-tls-verify=false"];
      const format = image === images.v1 ? "v2s2" : "oci";
      await home.run(
        "skopeo",
        "copy",
        "--quiet",
        ...to,
        "--format",
        format,
        `oci:${tag}`,
        `docker://${old.host}/team/app:${tag}`,
      );
    }

    const way = ["--src", "docker", "--dest", "docker", "--all"];
    const trust = ["--src-tls-verify=false", "--dest-cert-dir", home.certificates];
    await home.run("skopeo", "sync", ...way, ...trust, `${old.host}/team/app`, `${server.host}/library`);
    const repository = await openRepository(server, "library/app");
    for (const [tag, image] of Object.entries(images)) {
      const moved = await repository.pullManifest(tag);
      expect(moved.digest).toBe(image.manifest.digest);
      expect(moved.mediaType).toBe(image.manifest.mediaType);
    }
  });
});
