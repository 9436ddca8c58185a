import { expect, test } from "bun:test";
import { basicAuth, startBreakwater } from "../support/breakwater.ts";
import { missingCommands, mustRun } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { createProject, createRobot } from "../support/harbor.ts";
import { makeImage } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

interface DockerConfig {
  readonly auths: Readonly<Record<string, { username: string; password: string; auth: string }>>;
}

describeUnless(missingCommands("kubectl"), "kubectl", () => {
  test("makes a pull secret from a robot account, and the registry accepts what is in it", async () => {
    await using server = await startBreakwater();
    // kubectl looks for a cluster in the caller's settings even when it needs none.
    await using home = await temporaryDirectory("kubectl");
    const project = await createProject(server);
    const robot = await createRobot(server, project, [{ resource: "repository", action: "pull" }]);
    const image = await makeImage();
    await (await openRepository(server, `${project}/app`)).pushImage(image, "v1");

    const secret = JSON.parse(
      await mustRun(
        [
          ...[
            "kubectl",
            "create",
            "secret",
            "docker-registry",
            "breakwater",
            "--dry-run=client",
            "-o",
            "json",
          ],
          `--docker-server=${server.host}`,
          `--docker-username=${robot.username}`,
          `--docker-password=${robot.password}`,
        ],
        { env: { PATH: process.env.PATH, HOME: home.path } },
      ),
    ) as { type: string; data: Record<string, string> };
    expect(secret.type).toBe("kubernetes.io/dockerconfigjson");
    const config = JSON.parse(
      Buffer.from(secret.data[".dockerconfigjson"] ?? "", "base64").toString(),
    ) as DockerConfig;

    // A node's container runtime splits the decoded auth at its first colon.
    const decoded = Buffer.from(config.auths[server.host]?.auth ?? "", "base64").toString();
    const [username = "", password = ""] = decoded.split(/:(.*)/s);
    expect(basicAuth({ username, password })).toBe(basicAuth(robot));
    expect(username).toStartWith(`robot$${project}+`);

    const repository = await openRepository(server, `${project}/app`, { username, password });
    expect((await repository.pullManifest("v1")).digest).toBe(image.manifest.digest);
    for (const { digest, bytes } of image.layers) expect(await repository.pullBlob(digest)).toEqual(bytes);
    // The robot may pull and nothing else.
    expect((await repository.fetch("/blobs/uploads/", { method: "POST" })).status).toBeOneOf([401, 403]);
  });
});
