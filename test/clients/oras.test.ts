import { expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBreakwater } from "../support/breakwater.ts";
import { mustRun } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { goTool } from "../support/go-tool.ts";
import { makeImage } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const tool = await goTool({
  module: "oras.land/oras",
  package: "oras.land/oras/cmd/oras",
  version: "v1.2.3",
});
const SBOM = "application/vnd.example.sbom";

async function setUp() {
  await using started = new AsyncDisposableStack();
  const server = started.use(await startBreakwater());
  const home = started.use(await temporaryDirectory("oras"));
  const env = { PATH: process.env.PATH, HOME: home.path, DOCKER_CONFIG: home.path };
  const oras = (...args: string[]) => mustRun([tool.path, ...args], { env, cwd: home.path });
  // Of its own accord oras speaks plain HTTP to localhost.
  const tls = ["--plain-http=false", "--ca-file", server.caFile];
  const { username, password } = server.admin;
  await mustRun([tool.path, "login", ...tls, "--username", username, "--password-stdin", server.host], {
    env,
    stdin: password,
  });
  const owned = started.move();
  return {
    server,
    home: home.path,
    oras: (verb: string, ...args: string[]) => oras(verb, ...tls, ...args),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describeUnless(tool.missing, "oras", () => {
  test("pushes files of any kind as an artifact, and pulls them back", async () => {
    await using setup = await setUp();
    const { server, home, oras } = setup;
    await writeFile(join(home, "model.bin"), "weights");
    const name = `${server.host}/library/model:v1`;

    await oras(
      "push",
      "--artifact-type",
      "application/vnd.example.model",
      name,
      "model.bin:application/x-model",
    );
    await mkdir(join(home, "down"));
    await oras("pull", "--output", "down", name);
    expect(await readFile(join(home, "down/model.bin"), "utf8")).toBe("weights");
  });

  test("attaches artifacts to an image, and finds them through the referrers", async () => {
    await using setup = await setUp();
    const { server, home, oras } = setup;
    const image = await makeImage();
    const repository = await openRepository(server, "library/app");
    await repository.pushImage(image, "v1");
    await writeFile(join(home, "sbom.json"), "{}");
    await writeFile(join(home, "note.txt"), "checked");
    const name = `${server.host}/library/app:v1`;

    await oras(
      "attach",
      "--distribution-spec",
      "v1.1-referrers-api",
      "--artifact-type",
      SBOM,
      name,
      "sbom.json",
    );
    await oras("attach", "--artifact-type", "application/vnd.example.note", name, "note.txt");
    const found = await oras("discover", "--format", "json", "--artifact-type", SBOM, name);
    const { manifests } = JSON.parse(found) as { manifests: { artifactType: string; reference: string }[] };
    expect(manifests.map(({ artifactType }) => artifactType)).toEqual([SBOM]);

    const all = await repository.fetch(`/referrers/${image.manifest.digest}`);
    expect(((await all.json()) as { manifests: unknown[] }).manifests).toBeArrayOfSize(2);
    // The fallback for registries without referrers is a tag; none was needed here.
    const tags = (await (await repository.fetch("/tags/list")).json()) as { tags: string[] };
    expect(tags.tags).toEqual(["v1"]);
  });
});
