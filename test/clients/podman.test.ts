import { expect, test } from "bun:test";
import { startBreakwater } from "../support/breakwater.ts";
import { missingForRoot } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { addMember, createProject, createUser } from "../support/harbor.ts";
import { DOCKER_MANIFEST, makeImage, OCI_MANIFEST } from "../support/image.ts";
import { writeLayout } from "../support/oci-layout.ts";
import { openRepository } from "../support/registry-client.ts";
import { containersHome } from "./containers-home.ts";

/** A server, podman with the CA, and in podman's storage one image, by its ID. */
async function setUp() {
  await using started = new AsyncDisposableStack();
  const server = started.use(await startBreakwater());
  const home = started.use(await containersHome(server));
  const original = await makeImage();
  await writeLayout(home.path("original"), [original]);
  // By a relative path: podman makes a name of it, which must not have the capitals of a temporary folder's.
  const id = await home.run("podman", "pull", "--quiet", "oci:original");
  const withCa = (verb: string, args: string[]) => [
    "podman",
    verb,
    "--quiet",
    "--cert-dir",
    home.certificates,
    ...args,
  ];
  const owned = started.move();
  return {
    server,
    home,
    original,
    id,
    podman: (verb: string, ...args: string[]) => home.run(...withCa(verb, args)),
    tryPodman: (verb: string, ...args: string[]) => home.try(...withCa(verb, args)),
    forgetImages: () => home.run("podman", "rmi", "--all", "--force"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

// Without root podman and buildah need a user namespace, and those a set-up that is not ours to make.
describeUnless(missingForRoot("podman"), "podman", () => {
  test("logs in, pushes, and pulls the same image back", async () => {
    await using setup = await setUp();
    const { server, home, original, id, podman, forgetImages } = setup;
    expect(original.config.digest).toBe(`sha256:${id}`);
    expect((await home.login("podman", server, server.admin)).output).toContain("Login Succeeded!");

    await podman("push", id, `docker://${server.host}/library/app:v1`);
    await forgetImages();
    expect(await podman("pull", `${server.host}/library/app:v1`)).toBe(id);
    const { digest } = await (await openRepository(server, "library/app")).pullManifest("v1");
    expect(await podman("pull", `${server.host}/library/app@${digest}`)).toBe(id);
  });

  test("pushes layers compressed with zstd, and unpacks them", async () => {
    await using setup = await setUp();
    const { server, home, id, podman, forgetImages } = setup;
    await home.login("podman", server, server.admin);
    const name = `${server.host}/library/app:zstd`;

    await podman("push", "--format", "oci", "--compression-format", "zstd", id, name);
    const manifest = await (await openRepository(server, "library/app")).pullManifest("zstd");
    expect(manifest.mediaType).toBe(OCI_MANIFEST);
    expect(new TextDecoder().decode(manifest.bytes)).toContain("tar+zstd");
    await forgetImages();
    expect(await podman("pull", name)).toBe(id);
  });

  test("pushes and pulls Docker's format", async () => {
    await using setup = await setUp();
    const { server, home, id, podman, forgetImages } = setup;
    await home.login("podman", server, server.admin);
    const name = `${server.host}/library/app:docker`;

    await podman("push", "--format", "v2s2", id, name);
    const manifest = await (await openRepository(server, "library/app")).pullManifest("docker");
    expect(manifest.mediaType).toBe(DOCKER_MANIFEST);
    await forgetImages();
    await podman("pull", name);
  });

  test("pulls a public image without login, and a private one only with the right to", async () => {
    await using setup = await setUp();
    const { server, home, podman, tryPodman } = setup;
    const project = await createProject(server);
    const guest = await createUser(server);
    await addMember(server, project, guest, "guest");
    await (await openRepository(server, "library/open")).pushImage(await makeImage(), "v1");
    await (await openRepository(server, `${project}/closed`)).pushImage(await makeImage(), "v1");

    await podman("pull", `${server.host}/library/open:v1`);
    const refused = await tryPodman("pull", `${server.host}/${project}/closed:v1`);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/denied|unauthorized|authentication required/i);

    await home.login("podman", server, guest);
    await podman("pull", `${server.host}/${project}/closed:v1`);
    const push = await tryPodman(
      "push",
      `${server.host}/${project}/closed:v1`,
      `${server.host}/${project}/closed:v2`,
    );
    expect(push.code).not.toBe(0);
    expect(push.output).toMatch(/denied|unauthorized|authentication required/i);
  });

  test("is told that a password is wrong", async () => {
    await using setup = await setUp();
    const { server, home } = setup;
    const { code, output } = await home.login("podman", server, {
      ...server.admin,
      password: "not this one",
    });
    expect(code).not.toBe(0);
    expect(output).toMatch(/unauthorized|invalid username\/password/i);
  });
});
