import { expect, test } from "bun:test";
import { startBreakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { addMember, createProject, createRobot, createUser, uniqueName } from "../support/harbor.ts";
import { makeImage } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { ALPINE, missingAlpine } from "../support/shared-images.ts";
import { noDockerEngine, startDockerEngine } from "./docker-engine.ts";
import { savedContents } from "./saved-image.ts";

const HOSTNAME = "registry.test";

async function setUp() {
  await using started = new AsyncDisposableStack();
  const server = started.use(await startBreakwater({ hostname: HOSTNAME }));
  const trust = { [server.host]: server.caFile };
  const engine = started.use(await startDockerEngine({ hostname: HOSTNAME, trust }));
  const owned = started.move();
  return { server, engine, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describeUnless(await noDockerEngine(), "Docker Engine", () => {
  test.skipIf(missingAlpine() !== undefined)(
    `logs in, pushes, and pulls back the same bytes${missingAlpine() ? ` [${missingAlpine()}]` : ""}`,
    async () => {
      await using setup = await setUp();
      const { server, engine } = setup;
      const name = `${server.host}/library/alpine:3.10`;
      expect((await engine.login(server.host, server.admin)).output).toContain("Login Succeeded");

      await engine.docker("load", "--input", ALPINE);
      await engine.docker("tag", "alpine:3.10", name);
      const before = await savedContents(engine, name);
      const id = await engine.docker("image", "inspect", "--format", "{{.Id}}", name);
      const pushed = await engine.docker("push", name);

      await engine.docker("rmi", "alpine:3.10", name);
      expect((await engine.try("image", "inspect", id)).code).not.toBe(0);
      const pulled = await engine.docker("pull", name);

      expect(await engine.docker("image", "inspect", "--format", "{{.Id}}", name)).toBe(id);
      expect(await savedContents(engine, name)).toEqual(before);
      const digest = /sha256:[0-9a-f]{64}/;
      expect(digest.exec(pulled)?.[0]).toBe(digest.exec(pushed)?.[0]);
    },
  );

  test("pulls a public image without login, and by digest", async () => {
    await using setup = await setUp();
    const { server, engine } = setup;
    const image = await makeImage({ format: "docker" });
    await (await openRepository(server, "library/open")).pushImage(image, "v1");

    await engine.docker("pull", `${server.host}/library/open:v1`);
    await engine.docker("pull", `${server.host}/library/open@${image.manifest.digest}`);
    const id = await engine.docker(
      "image",
      "inspect",
      "--format",
      "{{.Id}}",
      `${server.host}/library/open:v1`,
    );
    expect(id).toBe(image.config.digest);
  });

  test("pushes and pulls with a robot account", async () => {
    await using setup = await setUp();
    const { server, engine } = setup;
    const project = await createProject(server);
    const robot = await createRobot(server, project);
    await (await openRepository(server, `${project}/app`)).pushImage(await makeImage(), "v1");

    expect((await engine.login(server.host, robot)).output).toContain("Login Succeeded");
    await engine.docker("pull", `${server.host}/${project}/app:v1`);
    await engine.docker("tag", `${server.host}/${project}/app:v1`, `${server.host}/${project}/copy:v2`);
    await engine.docker("push", `${server.host}/${project}/copy:v2`);
  });

  test("mounts the layers of a neighbouring repository instead of sending them again", async () => {
    await using setup = await setUp();
    const { server, engine } = setup;
    await (await openRepository(server, "library/first")).pushImage(await makeImage({ layers: 2 }), "v1");
    await engine.login(server.host, server.admin);

    await engine.docker("pull", `${server.host}/library/first:v1`);
    await engine.docker("tag", `${server.host}/library/first:v1`, `${server.host}/library/second:v1`);
    const pushed = await engine.docker("push", `${server.host}/library/second:v1`);
    expect(pushed.match(/Mounted from library\/first/g)).toBeArrayOfSize(2);
  });

  test("is told that a password is wrong", async () => {
    await using setup = await setUp();
    const { server, engine } = setup;
    const { code, output } = await engine.login(server.host, { ...server.admin, password: "not this one" });
    expect(code).not.toBe(0);
    expect(output).toMatch(/unauthorized/i);
  });

  test("is refused a private image without login, in words", async () => {
    await using setup = await setUp();
    const { server, engine } = setup;
    const project = await createProject(server);
    await (await openRepository(server, `${project}/secret`)).pushImage(await makeImage(), "v1");

    const { code, output } = await engine.try("pull", `${server.host}/${project}/secret:v1`);
    expect(code).not.toBe(0);
    expect(output).toMatch(/pull access denied|unauthorized|denied/i);
  });

  test("may pull as a guest of a project, and is denied the push", async () => {
    await using setup = await setUp();
    const { server, engine } = setup;
    const project = await createProject(server, { name: uniqueName("team") });
    const guest = await createUser(server);
    await addMember(server, project, guest, "guest");
    await (await openRepository(server, `${project}/app`)).pushImage(await makeImage(), "v1");

    await engine.login(server.host, guest);
    await engine.docker("pull", `${server.host}/${project}/app:v1`);
    await engine.docker("tag", `${server.host}/${project}/app:v1`, `${server.host}/${project}/app:v2`);
    const { code, output } = await engine.try("push", `${server.host}/${project}/app:v2`);
    expect(code).not.toBe(0);
    expect(output).toMatch(/denied|unauthorized/i);
  });

  test("does not trust the registry without its CA", async () => {
    await using server = await startBreakwater({ hostname: HOSTNAME });
    await using engine = await startDockerEngine({ hostname: HOSTNAME });
    const { code, output } = await engine.login(server.host, server.admin);
    expect(code).not.toBe(0);
    expect(output).toContain("x509: certificate signed by unknown authority");
  });
});
