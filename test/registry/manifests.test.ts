import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { uniqueName } from "../support/harbor.ts";
import {
  type Content,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  descriptor,
  digestOf,
  jsonContent,
  makeImage,
  makeIndex,
  OCI_INDEX,
  OCI_MANIFEST,
} from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { refusal, refused } from "./answers.ts";

let server: Breakwater;
beforeAll(async () => {
  server = await startBreakwater();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (): Promise<RepositoryClient> => openRepository(server, `library/${uniqueName("manifests")}`);

function put(
  repository: RepositoryClient,
  reference: string,
  { bytes, mediaType }: Content,
): Promise<Response> {
  const headers = { "content-type": mediaType };
  return repository.fetch(`/manifests/${reference}`, { method: "PUT", headers, body: bytes });
}

for (const format of ["oci", "docker"] as const) {
  test(`an image and an index in the format of ${format} come back as they were pushed`, async () => {
    const repository = await open();
    const image = await makeImage({ format });
    await repository.pushImage(image, "image");
    const index = makeIndex({ amd64: image }, format);
    await repository.pushManifest("index", index);
    for (const [tag, pushed] of [
      ["image", image.manifest],
      ["index", index],
    ] as const) {
      for (const reference of [tag, pushed.digest, encodeURIComponent(pushed.digest)]) {
        const pulled = await repository.pullManifest(reference);
        expect(pulled).toEqual(pushed);
      }
      const head = await repository.fetch(`/manifests/${tag}`, { method: "HEAD" });
      expect(head.status).toBe(200);
      expect(head.headers.get("content-length")).toBe(String(pushed.size));
      expect(head.headers.get("content-type")).toBe(pushed.mediaType);
      expect(head.headers.get("docker-content-digest")).toBe(pushed.digest);
    }
  });
}

test("a push says where the manifest is, and what its digest is", async () => {
  const repository = await open();
  const image = await makeImage();
  await repository.pushImage(image);
  const response = await put(repository, "latest", image.manifest);
  expect(response.status).toBe(201);
  expect(response.headers.get("location")).toBe(`/v2/${repository.name}/manifests/${image.manifest.digest}`);
  expect(response.headers.get("docker-content-digest")).toBe(image.manifest.digest);
  expect(response.headers.has("oci-subject")).toBe(false);
});

test("a manifest may be known by its SHA-512", async () => {
  const repository = await open();
  const image = await makeImage();
  await repository.pushImage(image);
  const digest = digestOf(image.manifest.bytes, "sha512");
  const response = await put(repository, digest, image.manifest);
  expect(response.headers.get("docker-content-digest")).toBe(digest);
  const pulled = await repository.fetch(`/manifests/${digest}`);
  expect(pulled.headers.get("docker-content-digest")).toBe(digest);
  expect(new Uint8Array(await pulled.arrayBuffer())).toEqual(image.manifest.bytes);
});

test("an artifact of any type is an artifact", async () => {
  const repository = await open();
  const empty = jsonContent("application/vnd.oci.empty.v1+json", {});
  await repository.pushBlob(empty.bytes);
  const artifact = jsonContent(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: "application/vnd.nobody.knows+this",
    config: descriptor(empty),
    layers: [],
  });
  await repository.pushManifest("artifact", artifact);
  expect((await repository.pullManifest("artifact")).digest).toBe(artifact.digest);
});

describe("what the client accepts", () => {
  const answers: Record<string, number> = {
    [OCI_MANIFEST]: 200,
    [`${DOCKER_MANIFEST}, ${OCI_MANIFEST};q=0.5`]: 200,
    "*/*": 200,
    "application/*": 200,
    "application/json": 200,
    [DOCKER_MANIFEST]: 404,
    [`${OCI_INDEX}, ${DOCKER_LIST}`]: 404,
  };
  for (const [accept, status] of Object.entries(answers)) {
    test(`${accept}: ${status}`, async () => {
      const repository = await open();
      await repository.pushImage(await makeImage(), "latest");
      const response = await repository.fetch("/manifests/latest", { headers: { accept } });
      expect(response.status).toBe(status);
      if (status === 404) expect(await refused(response)).toBe("404 MANIFEST_UNKNOWN");
    });
  }
});

test("a client that has the manifest is told so", async () => {
  const repository = await open();
  const image = await makeImage();
  await repository.pushImage(image, "latest");
  for (const [tag, status] of [
    [image.manifest.digest, 304],
    [image.config.digest, 200],
  ] as const) {
    const headers = { "if-none-match": `"${tag}"` };
    for (const method of ["GET", "HEAD"]) {
      const response = await repository.fetch("/manifests/latest", { method, headers });
      expect(response.status).toBe(status);
      await response.arrayBuffer();
    }
  }
});

test("a manifest that names what the repository lacks is refused, naming it", async () => {
  const repository = await open();
  const image = await makeImage();
  await repository.pushBlob(image.config.bytes);
  const response = await put(repository, "latest", image.manifest);
  const { status, code, detail } = await refusal(response);
  expect([status, code]).toEqual([400, "MANIFEST_BLOB_UNKNOWN"]);
  expect(detail).toEqual(image.layers.map(({ digest }) => ({ digest })));
  const index = makeIndex({ amd64: image });
  expect(await refused(await put(repository, "latest", index))).toBe("400 MANIFEST_BLOB_UNKNOWN");
  expect((await repository.fetch("/manifests/latest")).status).toBe(404);
});

test("what another repository holds is lacking all the same", async () => {
  const image = await makeImage();
  await (await open()).pushImage(image, "latest");
  expect(await refused(await put(await open(), "latest", image.manifest))).toBe("400 MANIFEST_BLOB_UNKNOWN");
});

test("schema 1 is refused, with what to do", async () => {
  const old = jsonContent("application/vnd.docker.distribution.manifest.v1+prettyjws", { schemaVersion: 1 });
  const { code, message } = await refusal(await put(await open(), "latest", old));
  expect(code).toBe("MANIFEST_INVALID");
  expect(message).toContain("Push the image again with a client of Docker 1.10 or later");
});

test("a tag moves, and moves back", async () => {
  const repository = await open();
  const images = [await makeImage(), await makeImage()];
  for (const image of [...images, ...images]) {
    await repository.pushImage(image, "latest");
    expect((await repository.pullManifest("latest")).digest).toBe(image.manifest.digest);
  }
});

describe("tags in the query of a push by digest", () => {
  test("are all set, and named in the answer", async () => {
    const repository = await open();
    const image = await makeImage();
    await repository.pushImage(image);
    const tags = Array.from({ length: 12 }, (_, index) => `v${index}`);
    const query = tags.map((tag) => `tag=${tag}`).join("&");
    const response = await put(repository, `${image.manifest.digest}?${query}`, image.manifest);
    expect(response.status).toBe(201);
    expect(response.headers.get("oci-tag")?.split(", ")).toEqual(tags);
    for (const tag of tags) expect((await repository.pullManifest(tag)).digest).toBe(image.manifest.digest);
  });

  test("are set all or none", async () => {
    const repository = await open();
    const image = await makeImage();
    await repository.pushImage(image, "there");
    const response = await put(repository, `${image.manifest.digest}?tag=good&tag=.bad`, image.manifest);
    expect(await refused(response)).toBe("400 TAG_INVALID");
    expect((await repository.fetch("/manifests/good")).status).toBe(404);
  });

  test("mean nothing beside a tag", async () => {
    const repository = await open();
    const image = await makeImage();
    await repository.pushImage(image);
    const response = await put(repository, "main?tag=other", image.manifest);
    expect(response.headers.has("oci-tag")).toBe(false);
    expect((await repository.fetch("/manifests/other")).status).toBe(404);
  });
});
