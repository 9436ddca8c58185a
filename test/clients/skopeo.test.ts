import { expect, test } from "bun:test";
import { startBreakwater } from "../support/breakwater.ts";
import { missingCommands } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { createProject, createUser } from "../support/harbor.ts";
import { DOCKER_MANIFEST, digestOf, makeImage, makeIndex, OCI_MANIFEST } from "../support/image.ts";
import { layoutDigest, readLayoutBlob, writeLayout } from "../support/oci-layout.ts";
import { openRepository } from "../support/registry-client.ts";
import { containersHome } from "./containers-home.ts";

interface ManifestJson {
  readonly mediaType: string;
  readonly layers: readonly { readonly mediaType: string }[];
}

async function setUp() {
  await using started = new AsyncDisposableStack();
  const server = started.use(await startBreakwater());
  const home = started.use(await containersHome(server));
  const from = ["--src-cert-dir", home.certificates];
  const to = ["--dest-cert-dir", home.certificates];
  const at = ["--cert-dir", home.certificates];
  await home.login("skopeo", server, server.admin);
  const owned = started.move();
  return {
    server,
    home,
    upload: (...args: string[]) => home.run("skopeo", "copy", "--quiet", ...to, ...args),
    download: (...args: string[]) => home.run("skopeo", "copy", "--quiet", ...from, ...args),
    raw: (image: string) => home.run("skopeo", "inspect", "--raw", ...at, image),
    skopeo: (verb: string, ...args: string[]) => home.run("skopeo", verb, ...at, ...args),
    image: (name: string) => `docker://${server.host}/${name}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describeUnless(missingCommands("skopeo"), "skopeo", () => {
  test("copies an OCI image up and down, byte for byte", async () => {
    await using setup = await setUp();
    const { home, upload, download, image } = setup;
    const original = await makeImage();
    await writeLayout(home.path("up"), [original]);

    await upload(`oci:${home.path("up")}`, image("library/app:v1"));
    await download(image("library/app:v1"), `oci:${home.path("down")}`);
    expect(await layoutDigest(home.path("down"))).toBe(original.manifest.digest);
    for (const { digest } of [...original.layers, original.config, original.manifest]) {
      expect(digestOf(await readLayoutBlob(home.path("down"), digest))).toBe(digest);
    }
  });

  test("turns OCI into Docker's format and back on the way", async () => {
    await using setup = await setUp();
    const { home, upload, raw, image } = setup;
    await writeLayout(home.path("up"), [await makeImage()]);

    await upload("--format", "v2s2", `oci:${home.path("up")}`, image("library/app:docker"));
    expect((JSON.parse(await raw(image("library/app:docker"))) as ManifestJson).mediaType).toBe(
      DOCKER_MANIFEST,
    );
    await upload(
      "--src-cert-dir",
      home.certificates,
      "--format",
      "oci",
      image("library/app:docker"),
      image("library/app:oci"),
    );
    expect((JSON.parse(await raw(image("library/app:oci"))) as ManifestJson).mediaType).toBe(OCI_MANIFEST);
  });

  test("copies a Docker manifest list and an OCI index with all their images", async () => {
    await using setup = await setUp();
    const { server, home, upload, download, image } = setup;
    for (const format of ["oci", "docker"] as const) {
      const amd64 = await makeImage({ format });
      const arm64 = await makeImage({ format, architecture: "arm64" });
      const index = makeIndex({ amd64, arm64 }, format);
      const repository = await openRepository(server, `library/source-${format}`);
      await repository.pushImage(amd64);
      await repository.pushImage(arm64);
      await repository.pushManifest("multi", index);

      const down = home.path(`down-${format}`);
      await download("--all", image(`library/source-${format}:multi`), `dir:${down}`);
      await upload("--all", `dir:${down}`, image(`library/target-${format}:multi`));

      const target = await openRepository(server, `library/target-${format}`);
      const copied = await target.pullManifest("multi");
      expect(copied.digest).toBe(index.digest);
      expect(copied.mediaType).toBe(index.mediaType);
      expect((await target.pullManifest(arm64.manifest.digest)).digest).toBe(arm64.manifest.digest);
    }
  });

  test("pushes zstd layers and unpacks them again", async () => {
    await using setup = await setUp();
    const { home, upload, download, raw, image } = setup;
    const original = await makeImage();
    await writeLayout(home.path("up"), [original]);

    const zstd = ["--format", "oci", "--dest-compress-format", "zstd"];
    await upload(...zstd, `oci:${home.path("up")}`, image("library/app:zstd"));
    const { layers } = JSON.parse(await raw(image("library/app:zstd"))) as ManifestJson;
    expect(layers.map(({ mediaType }) => mediaType)).toEqual(
      original.layers.map(() => "application/vnd.oci.image.layer.v1.tar+zstd"),
    );

    await download("--dest-decompress", image("library/app:zstd"), `dir:${home.path("down")}`);
    const { rootfs } = JSON.parse(new TextDecoder().decode(original.config.bytes)) as {
      rootfs: { diff_ids: string[] };
    };
    for (const diffId of rootfs.diff_ids) {
      const layer = Bun.file(home.path(`down/${diffId.replace("sha256:", "")}`));
      expect(digestOf(new Uint8Array(await layer.arrayBuffer()))).toBe(diffId);
    }
  });

  test("inspects, lists tags and deletes", async () => {
    await using setup = await setUp();
    const { server, home, skopeo, image } = setup;
    const repository = await openRepository(server, "library/app");
    const [first, second] = [await makeImage(), await makeImage({ architecture: "arm64" })];
    await repository.pushImage(first, "v1");
    await repository.pushImage(second, "v2");

    const inspected = JSON.parse(await skopeo("inspect", image("library/app:v1"))) as Record<string, unknown>;
    expect(inspected.Digest).toBe(first.manifest.digest);
    expect(inspected.RepoTags).toEqual(["v1", "v2"]);
    expect(inspected.Layers).toEqual(first.layers.map(({ digest }) => digest));
    expect(JSON.parse(await skopeo("list-tags", image("library/app")))).toEqual({
      Repository: `${server.host}/library/app`,
      Tags: ["v1", "v2"],
    });

    await skopeo("delete", image("library/app:v1"));
    const gone = await home.try(
      "skopeo",
      "inspect",
      "--cert-dir",
      home.certificates,
      image("library/app:v1"),
    );
    expect(gone.code).not.toBe(0);
    expect(gone.output).toContain("manifest unknown");
    const left = JSON.parse(await skopeo("list-tags", image("library/app"))) as { Tags: string[] };
    expect(left.Tags).toEqual(["v2"]);
  });

  test("is told of wrong passwords, missing rights and an unknown CA", async () => {
    await using setup = await setUp();
    const { server, home, image } = setup;
    const project = await createProject(server);
    await (await openRepository(server, `${project}/app`)).pushImage(await makeImage(), "v1");
    const stranger = await createUser(server);
    const inspect = (...args: string[]) => home.try("skopeo", "inspect", ...args, image(`${project}/app:v1`));

    const wrong = await home.login("skopeo", server, { ...server.admin, password: "not this one" });
    expect(wrong.code).not.toBe(0);
    expect(wrong.output).toMatch(/unauthorized|invalid username\/password/i);

    const credentials = ["--creds", `${stranger.username}:${stranger.password}`];
    const denied = await inspect("--cert-dir", home.certificates, ...credentials);
    expect(denied.code).not.toBe(0);
    expect(denied.output).toMatch(/denied|unauthorized|authentication required/i);

    const anonymous = await inspect("--cert-dir", home.certificates, "--no-creds");
    expect(anonymous.code).not.toBe(0);
    expect(anonymous.output).toMatch(/denied|unauthorized|authentication required/i);

    const distrusted = await inspect();
    expect(distrusted.code).not.toBe(0);
    expect(distrusted.output).toContain("x509: certificate signed by unknown authority");
  });
});
