import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeUnless } from "../support/describe-unless.ts";
import { makeImage, makeIndex } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { DockerTrustScene, noDockerTrust } from "./docker-trust-scene.ts";
import { failed, succeeded } from "./trust-person.ts";

/** `docker pull` as everybody types it, from a project that requires content trust. */
describeUnless(await noDockerTrust(), "a Docker Engine and a project that requires content trust", () => {
  let scene: DockerTrustScene;

  beforeAll(async () => {
    scene = await DockerTrustScene.start();
  });

  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  async function setUp() {
    const project = await scene.project();
    await scene.requireTrust(project);
    return {
      name: `${scene.host}/${project}/app`,
      path: `${project}/app`,
      repository: await openRepository(scene.server, `${project}/app`),
      owner: await scene.person(project, "projectAdmin"),
      guest: await scene.person(project, "guest"),
    };
  }

  test("pulls what Docker has signed, by tag and by digest, and is told what else lacks", async () => {
    const { name, path, owner, guest } = await setUp();
    await scene.image(`${name}:v1`);
    await succeeded(owner.docker("push", `${name}:v1`));
    const digest = await scene.digest(path, "v1");
    for (const reference of [":v1", `@${digest}`]) {
      const refused = await failed(guest.docker("pull", `${name}${reference}`));
      expect(refused).toContain(
        `The project's policy forbids this pull. Nobody has signed ${path}${reference}`,
      );
    }

    await succeeded(owner.trusted("push", `${name}:v1`));
    await scene.forget(`${name}:v1`);
    for (const reference of [":v1", `@${digest}`]) {
      expect(await succeeded(guest.docker("pull", `${name}${reference}`))).toContain(`Digest: ${digest}`);
    }

    await scene.image(`${name}:v1`);
    await succeeded(owner.docker("push", `${name}:v1`));
    const tampered = await failed(guest.docker("pull", `${name}:v1`));
    expect(tampered).toContain(`${path}:v1 is not what was signed: targets signed ${digest}`);
    await succeeded(guest.docker("pull", `${name}@${digest}`));
  });

  test("pulls a child of a signed index", async () => {
    const { name, path, repository, owner, guest } = await setUp();
    const [amd64, arm64] = [await makeImage(), await makeImage({ architecture: "arm64" })];
    for (const image of [amd64, arm64]) await repository.pushImage(image);
    const index = makeIndex({ amd64, arm64 }, "docker");
    await repository.pushManifest("multi", index);
    expect(await failed(guest.docker("pull", `${name}:multi`))).toContain(`Nobody has signed ${path}:multi`);
    const child = `${name}@${arm64.manifest.digest}`;
    expect(await failed(guest.docker("pull", child))).toContain("Nobody has signed");

    await scene.initialise(owner, path);
    await scene.sign(owner, path, "multi", index);
    expect(await succeeded(guest.docker("pull", `${name}:multi`))).toContain(`Digest: ${index.digest}`);
    expect(await succeeded(guest.docker("pull", child))).toContain(`Digest: ${arm64.manifest.digest}`);
    expect(await succeeded(guest.trusted("pull", `${name}:multi`))).toContain(index.digest);
  });
});
