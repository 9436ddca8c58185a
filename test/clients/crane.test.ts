import { expect, test } from "bun:test";
import { startBreakwater } from "../support/breakwater.ts";
import { mustRun } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { goTool } from "../support/go-tool.ts";
import { createProject } from "../support/harbor.ts";
import { makeImage, makeIndex } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const MODULE = "github.com/google/go-containerregistry";
const tool = await goTool({ module: MODULE, package: `${MODULE}/cmd/crane`, version: "v0.20.6" });

describeUnless(tool.missing, "crane", () => {
  test("validates an image, copies an index to another project, lists and deletes", async () => {
    await using server = await startBreakwater();
    await using home = await temporaryDirectory("crane");
    const env = { PATH: process.env.PATH, HOME: home.path, SSL_CERT_FILE: server.caFile };
    const crane = async (...args: string[]) => (await mustRun([tool.path, ...args], { env })).trim();
    const { username, password } = server.admin;
    await mustRun([tool.path, "auth", "login", "-u", username, "--password-stdin", server.host], {
      env,
      stdin: password,
    });
    const project = await createProject(server);
    const [amd64, arm64] = [await makeImage(), await makeImage({ architecture: "arm64" })];
    const index = makeIndex({ amd64, arm64 });
    const repository = await openRepository(server, "library/app");
    await repository.pushImage(amd64);
    await repository.pushImage(arm64);
    await repository.pushManifest("multi", index);
    const source = `${server.host}/library/app:multi`;
    const target = `${server.host}/${project}/copied/app`;

    expect(await crane("validate", "--remote", source)).toContain("PASS");
    await crane("copy", source, `${target}:multi`);
    expect(await crane("digest", `${target}:multi`)).toBe(index.digest);
    expect(await crane("digest", "--platform", "linux/arm64", `${target}:multi`)).toBe(arm64.manifest.digest);
    await crane("tag", `${target}:multi`, "latest");
    expect((await crane("ls", target)).split("\n").sort()).toEqual(["latest", "multi"]);
    expect((await crane("catalog", server.host)).split("\n")).toContain(`${project}/copied/app`);

    await crane("delete", `${target}@${index.digest}`);
    const left = await (await openRepository(server, `${project}/copied/app`)).fetch("/manifests/multi");
    expect(left.status).toBe(404);
  });
});
