import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { describeOnEngines } from "../support/engines.ts";
import { jsonContent, makeImage, makeIndex } from "../support/image.ts";
import { type ArtifactBody, bodies, bodyIn, Pusher } from "./content.ts";
import { type ApiFixture, type Client, openApi } from "./fixture.ts";

describeOnEngines("the API: what artifacts are", (open) => {
  let fixture: ApiFixture;
  let push: Pusher;
  let alice: Client;
  beforeAll(async () => {
    fixture = await openApi(open);
    push = new Pusher(fixture.registry);
    alice = await fixture.user("alice");
    await alice.post("/projects", { project_name: "team" });
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const list = "/projects/team/repositories/kinds/artifacts";
  const shown = async (digest: string): Promise<ArtifactBody> => bodyIn(await alice.get(`${list}/${digest}`));
  const text = (value: string) => new TextEncoder().encode(value);
  const ociConfig = "application/vnd.oci.image.config.v1+json";

  test.each([
    ["application/vnd.cncf.helm.config.v1+json", {}, "CHART"],
    ["application/vnd.wasm.config.v1+json", {}, "WASM"],
    ["application/vnd.docker.container.image.v1+json", {}, "IMAGE"],
    ["application/vnd.acme.rocket.config.v1+json", {}, "ROCKET"],
    [
      "application/vnd.oci.empty.v1+json",
      { artifactType: "application/vnd.goharbor.harbor.sbom.v1" },
      "SBOM",
    ],
    [
      "application/vnd.oci.empty.v1+json",
      { artifactType: "application/vnd.cncf.model.manifest.v1+json" },
      "CNAI",
    ],
    ["application/vnd.oci.empty.v1+json", { artifactType: "application/vnd.example" }, "UNKNOWN"],
    [ociConfig, { annotations: { "module.wasm.image/variant": "compat" } }, "WASM"],
  ])("%s with %j is of the type Harbor says: %s", async (mediaType, extra, type) => {
    const digest = await push.withConfig("team/kinds", mediaType, text(`{"name":"${type}"}`), extra);
    expect((await shown(digest)).type).toBe(type);
    const listed = await bodies(await alice.get(`${list}?q=type=${type},digest=${digest}`));
    expect(listed).toHaveLength(1);
  });

  test("an index may say by an annotation what it is", async () => {
    const image = await makeImage();
    await push.image("team/kinds", image);
    const plain = JSON.parse(new TextDecoder().decode(makeIndex({ amd64: image }).bytes));
    const index = jsonContent("application/vnd.oci.image.index.v1+json", {
      ...plain,
      annotations: { "org.opencontainers.artifactType": "application/vnd.cnab.manifest.v1" },
    });
    const body = await shown(await push.manifest("team/kinds", index));
    expect(body).toMatchObject({ type: "CNAB", media_type: "application/vnd.cnab.manifest.v1" });
    expect(body.addition_links).toBeUndefined();
  });

  test("a platform keeps all its parts, under the names that Harbor's clients know too", async () => {
    const image = await makeImage();
    await push.image("team/kinds", image);
    const { digest, size, mediaType } = image.manifest;
    const platform = {
      architecture: "arm",
      os: "windows",
      variant: "v7",
      "os.version": "10.0.1",
      "os.features": ["win32k"],
    };
    const manifests = [
      { digest, size, mediaType, platform, annotations: { a: "b" }, urls: ["https://a.example"] },
    ];
    const index = jsonContent("application/vnd.oci.image.index.v1+json", { schemaVersion: 2, manifests });
    const [reference] = (await shown(await push.manifest("team/kinds", index))).references ?? [];
    expect(reference).toMatchObject({ annotations: { a: "b" }, urls: ["https://a.example"] });
    expect(reference?.platform).toEqual({
      ...platform,
      "'os.version'": "10.0.1",
      "'os.features'": ["win32k"],
    });
  });

  describe("extra_attrs", () => {
    test("of an image are those that Harbor picks", async () => {
      const config = {
        architecture: "arm64",
        os: "linux",
        history: [{ created_by: "x" }],
        config: { Env: ["A=1"], Hostname: "h", Labels: { maintainer: "Ada" }, User: "root" },
      };
      const digest = await push.withConfig("team/kinds", ociConfig, text(JSON.stringify(config)));
      expect((await shown(digest)).extra_attrs).toEqual({
        architecture: "arm64",
        os: "linux",
        author: "Ada",
        created: null,
        config: { Env: ["A=1"], Labels: { maintainer: "Ada" }, User: "root" },
      });
    });

    test("of a chart are its config", async () => {
      const config = { name: "chart", version: "1.0.0", keywords: ["a"] };
      const mediaType = "application/vnd.cncf.helm.config.v1+json";
      const digest = await push.withConfig("team/kinds", mediaType, text(JSON.stringify(config)));
      expect((await shown(digest)).extra_attrs).toEqual(config);
    });

    test("of a WebAssembly module name its layer", async () => {
      const digest = await push.withConfig("team/kinds", "application/vnd.wasm.config.v1+json", text("{}"));
      expect((await shown(digest)).extra_attrs).toEqual({
        "manifest.config.mediaType": "application/vnd.wasm.config.v1+json",
      });
    });

    test.each([
      ["no JSON", "{"],
      ["no object", "[1]"],
      ["null", "null"],
      ["not even text", "\u0000\u0001"],
      ["huge", JSON.stringify({ architecture: "a".repeat(1024 * 1024) })],
      ["nested too deeply", `{"config":{"Labels":${"[".repeat(400_000)}${"]".repeat(400_000)}}}`],
    ])("are left out when the config is %s", async (_, config) => {
      const digest = await push.withConfig("team/kinds", ociConfig, text(config), {
        annotations: { config: _ },
      });
      const body = await shown(digest);
      expect(body.type).toBe("IMAGE");
      expect(body.extra_attrs).toBeUndefined();
      const history = await alice.get(`${list}/${digest}/additions/build_history`);
      expect(await bodyIn<object[]>(history)).toEqual([]);
    });

    test("with members of the wrong type are answered as they are", async () => {
      const config = { architecture: 7, os: null, author: {}, config: [], history: "x" };
      const digest = await push.withConfig("team/kinds", ociConfig, text(JSON.stringify(config)));
      expect((await shown(digest)).extra_attrs).toMatchObject({ architecture: 7, os: "", config: {} });
    });
  });
});
