import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeUnless } from "../support/describe-unless.ts";
import { makeImage } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { DockerTrustScene, noDockerTrust } from "./docker-trust-scene.ts";
import { failed, succeeded } from "./trust-person.ts";

interface Inspected {
  readonly SignedTags: readonly { SignedTag: string; Digest: string; Signers: readonly string[] }[];
  readonly AdministrativeKeys: readonly { Name: string; Keys: readonly { ID: string }[] }[];
}

/** `docker push` and `docker pull` with DOCKER_CONTENT_TRUST=1. */
describeUnless(await noDockerTrust(), "Docker's content trust", () => {
  let scene: DockerTrustScene;

  beforeAll(async () => {
    scene = await DockerTrustScene.start();
  });

  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  test.each(["notary", "registry"] as const)(
    "signs what it pushes, shows it, and pulls it, through the %s's port",
    async (port) => {
      const project = await scene.project();
      const owner = await scene.person(project, "developer");
      const repository = `${scene.host}/${project}/alpine`;
      const name = `${repository}:3.10`;
      await scene.image(name);
      const id = await scene.imageId(name);

      const pushed = await succeeded(owner.trustedThrough(port, "push", name));
      expect(pushed).toContain(`Finished initializing "${repository}"`);
      expect(pushed).toContain(`Successfully signed ${name}`);
      const digest = /digest: sha256:([0-9a-f]{64})/.exec(pushed)?.[1] ?? "none";

      const shown = await succeeded(owner.trustedThrough(port, "trust", "inspect", name));
      const [{ SignedTags: tags, AdministrativeKeys: keys }] = JSON.parse(shown) as [Inspected];
      expect(tags).toEqual([{ SignedTag: "3.10", Digest: digest, Signers: ["Repo Admin"] }]);
      const id64 = expect.stringMatching(/^[0-9a-f]{64}$/);
      expect(keys).toEqual([
        { Name: "Root", Keys: [{ ID: id64 }] },
        { Name: "Repository", Keys: [{ ID: id64 }] },
      ]);

      // The upload that follows has no parts: nothing has changed.
      const again = await succeeded(owner.trustedThrough(port, "push", name));
      expect(again).toContain(`Successfully signed ${name}`);

      await scene.forget(name);
      const pulled = await succeeded(owner.trustedThrough(port, "pull", name));
      expect(pulled).toContain(`Pull (1 of 1): ${name}@sha256:${digest}`);
      expect(await scene.imageId(name)).toBe(id);
      const status = await scene.status(`${project}/alpine`, "3.10");
      expect(status).toMatchObject({ state: "signed", digest: `sha256:${digest}` });
    },
  );

  test("refuses an image that nobody has signed", async () => {
    const project = await scene.project();
    const guest = await scene.person(project, "guest");
    await (await openRepository(scene.server, `${project}/app`)).pushImage(await makeImage(), "v1");

    const name = `${scene.host}/${project}/app`;
    const refused = await failed(guest.trusted("pull", `${name}:v1`));
    expect(refused).toContain(`remote trust data does not exist for ${name}`);
    expect(await failed(guest.trusted("trust", "inspect", `${name}:v1`))).toContain(
      `no signatures or cannot access ${name}:v1`,
    );
  });

  test("pulls what was signed when somebody without the keys has pushed over the tag", async () => {
    const project = await scene.project();
    const [owner, other, guest] = [
      await scene.person(project, "developer"),
      await scene.person(project, "developer"),
      await scene.person(project, "guest"),
    ];
    const name = `${scene.host}/${project}/app:v1`;
    await scene.image(name);
    await succeeded(owner.trusted("push", name));
    const id = await scene.imageId(name);
    const signed = await scene.digest(`${project}/app`, "v1");

    await scene.image(name);
    await succeeded(other.docker("push", name));
    expect(await scene.digest(`${project}/app`, "v1")).not.toBe(signed);
    const status = await scene.status(`${project}/app`, "v1");
    expect(status).toMatchObject({ state: "tampered", digest: signed });

    await succeeded(guest.trusted("pull", name));
    expect(await scene.imageId(name)).toBe(id);

    await scene.image(name);
    const refused = await failed(other.trusted("push", name));
    expect(refused).toContain("could not find necessary signing keys");
  });

  test("allows each role what it may do in the registry", async () => {
    const project = await scene.project();
    const name = `${scene.host}/${project}/app:v1`;
    await scene.image(name);
    const owner = await scene.person(project, "developer");
    await succeeded(owner.trusted("push", name));

    const guest = await scene.person(project, "guest");
    await succeeded(guest.trusted("pull", name));
    const publishing = await failed(guest.trusted("trust", "sign", name));
    expect(publishing).toContain("you are not authorized to perform this operation: server returned 401");

    for (const stranger of [await scene.person(project, null), await scene.anonymous()]) {
      const pulling = await failed(stranger.trusted("pull", name));
      expect(pulling).toContain("you are not authorized to perform this operation: server returned 401");
      const inspecting = await failed(stranger.trusted("trust", "inspect", name));
      expect(inspecting).toContain(`no signatures or cannot access ${name}`);
    }
  });

  test("pulls from a public project without an account", async () => {
    const project = await scene.project({ public: true });
    const name = `${scene.host}/${project}/app:v1`;
    await scene.image(name);
    await succeeded((await scene.person(project, "developer")).trusted("push", name));

    await succeeded((await scene.anonymous()).trusted("pull", name));
    expect(await failed((await scene.anonymous()).trusted("trust", "sign", name))).toContain("401");
  });
});
