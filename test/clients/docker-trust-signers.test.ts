import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { describeUnless } from "../support/describe-unless.ts";
import { DockerTrustScene, noDockerTrust } from "./docker-trust-scene.ts";
import { failed, succeeded, type TrustPerson } from "./trust-person.ts";

/** The lines of `docker trust inspect --pretty` that tell of the tag, without the space between columns. */
async function shown(person: TrustPerson, repository: string, about: string): Promise<string[]> {
  const text = await succeeded(person.trusted("trust", "inspect", "--pretty", repository));
  return text
    .split("\n")
    .flatMap((line) => (line.startsWith(about) ? [line.replace(/\s+/g, " ").trim()] : []));
}

/** `docker trust key`, `signer`, `sign`, `revoke` and `inspect --pretty`. */
describeUnless(await noDockerTrust(), "docker trust", () => {
  let scene: DockerTrustScene;

  beforeAll(async () => {
    scene = await DockerTrustScene.start();
  });

  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  test("lets a signer in, who signs and revokes with a key of their own, and out again", async () => {
    const project = await scene.project();
    const owner = await scene.person(project, "developer");
    const bob = await scene.person(project, "developer");
    const repository = `${scene.host}/${project}/app`;
    const [first, second] = [`${repository}:v1`, `${repository}:v2`];
    await scene.image(first);
    await succeeded(owner.trusted("push", first));

    expect(await succeeded(bob.docker("trust", "key", "generate", "bob"))).toContain(
      "Successfully generated and loaded private key",
    );
    const key = join(bob.home, "bob.pub");
    const added = await succeeded(owner.trusted("trust", "signer", "add", "--key", key, "bob", repository));
    expect(added).toContain(`Successfully added signer: bob to ${repository}`);
    expect(await shown(owner, repository, "bob")).toEqual([expect.stringMatching(/^bob [0-9a-f]{12}$/)]);

    const signed = await succeeded(bob.trusted("trust", "sign", first));
    expect(signed).toContain(`Successfully signed ${first}`);
    const digest = (await scene.digest(`${project}/app`, "v1")).slice("sha256:".length);
    expect(await shown(owner, repository, "v1")).toEqual([`v1 ${digest} bob`]);
    expect(await scene.status(`${project}/app`, "v1")).toMatchObject({
      state: "signed",
      signers: [{ role: "targets" }, { role: "targets/bob" }, { role: "targets/releases" }],
    });

    // Without a signature of the owner's, and pushed with content trust on.
    await scene.image(second);
    expect(await succeeded(bob.trusted("push", second))).toContain(`Successfully signed ${second}`);
    expect(await scene.status(`${project}/app`, "v2")).toMatchObject({ state: "signed" });

    await succeeded(bob.trusted("trust", "revoke", second));
    expect(await shown(owner, repository, "v2")).toEqual([]);
    expect(await scene.status(`${project}/app`, "v2")).toMatchObject({ state: "unsigned" });

    // With `--force` Docker 28 removes nobody, and says nothing.
    const removed = await succeeded(owner.trusted("trust", "signer", "remove", "bob", repository));
    expect(removed).toContain(`Successfully removed bob from ${repository}`);
    const refused = await failed(bob.trusted("trust", "sign", second));
    expect(refused).toContain("no valid signing keys for delegation roles");
    expect(await scene.status(`${project}/app`, "v1")).toMatchObject({
      state: "signed",
      signers: [{ role: "targets" }],
    });
  });

  test("begins a repository with a signer, before anything is signed", async () => {
    const project = await scene.project();
    const owner = await scene.person(project, "developer");
    const repository = `${scene.host}/${project}/app`;
    await succeeded(owner.docker("trust", "key", "generate", "alice"));

    const key = join(owner.home, "alice.pub");
    const added = await succeeded(owner.trusted("trust", "signer", "add", "--key", key, "alice", repository));
    expect(added).toContain(`Initializing signed repository for ${repository}`);
    await scene.image(`${repository}:v1`);
    expect(await succeeded(owner.trusted("push", `${repository}:v1`))).toContain("Successfully signed");

    const guest = await scene.person(project, "guest");
    expect(await succeeded(guest.trusted("pull", `${repository}:v1`))).toContain("Pull (1 of 1)");
  });

  test("lets the owner revoke what the owner has signed", async () => {
    const project = await scene.project();
    const owner = await scene.person(project, "developer");
    const name = `${scene.host}/${project}/app:v1`;
    await scene.image(name);
    await succeeded(owner.trusted("push", name));

    expect(await succeeded(owner.trusted("trust", "revoke", name))).toContain(
      `Successfully deleted signature for ${name}`,
    );
    const guest = await scene.person(project, "guest");
    expect(await failed(guest.trusted("pull", name))).toContain("No valid trust data for v1");
    expect(await scene.status(`${project}/app`, "v1")).toEqual({ state: "unsigned" });
  });
});
