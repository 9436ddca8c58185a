import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { startBreakwater } from "../support/breakwater.ts";
import { missingForRoot } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { DOCKER_LIST, OCI_INDEX } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { type ContainersHome, containersHome } from "./containers-home.ts";

const ARCHITECTURES = ["amd64", "arm64"];

/** Builds an image of one file for the architecture; returns its name in local storage. */
async function build(home: ContainersHome, architecture: string, format: "oci" | "docker"): Promise<string> {
  const name = `localhost/${format}-${architecture}`;
  await writeFile(home.path("hello"), `hello from ${architecture}\n`);
  const container = await home.run("buildah", "from", "scratch");
  await home.run("buildah", "copy", "--quiet", container, home.path("hello"), "/hello");
  await home.run("buildah", "config", "--arch", architecture, container);
  await home.run("buildah", "commit", "--quiet", "--rm", "--format", format, container, name);
  return name;
}

describeUnless(missingForRoot("buildah"), "buildah", () => {
  for (const format of ["oci", "docker"] as const) {
    test(`builds for two architectures and pushes both under one tag, as ${format}`, async () => {
      await using server = await startBreakwater();
      await using home = await containersHome(server);
      await home.login("buildah", server, server.admin);
      await home.run("buildah", "manifest", "create", "localhost/multi");
      for (const architecture of ARCHITECTURES) {
        await home.run(
          "buildah",
          "manifest",
          "add",
          "localhost/multi",
          await build(home, architecture, format),
        );
      }
      const to = ["--cert-dir", home.certificates, "--format", format === "oci" ? "oci" : "v2s2"];
      await home.run(
        "buildah",
        "manifest",
        "push",
        "--all",
        ...to,
        "localhost/multi",
        `docker://${server.host}/library/multi:v1`,
      );

      const index = await (await openRepository(server, "library/multi")).pullManifest("v1");
      expect(index.mediaType).toBe(format === "oci" ? OCI_INDEX : DOCKER_LIST);
      const { manifests } = JSON.parse(new TextDecoder().decode(index.bytes)) as {
        manifests: { platform: { architecture: string } }[];
      };
      expect(manifests.map(({ platform }) => platform.architecture)).toEqual(ARCHITECTURES);

      const from = ["--quiet", "--cert-dir", home.certificates, "--arch", "arm64"];
      await home.run("buildah", "rmi", "--all", "--force");
      const id = await home.run("buildah", "pull", ...from, `${server.host}/library/multi:v1`);
      expect(
        await home.run("buildah", "inspect", "--type", "image", "--format", "{{.OCIv1.Architecture}}", id),
      ).toBe("arm64");
    });
  }
});
