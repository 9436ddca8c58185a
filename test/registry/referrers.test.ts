import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { uniqueName } from "../support/harbor.ts";
import {
  type Content,
  descriptor,
  digestOf,
  jsonContent,
  makeImage,
  OCI_INDEX,
  OCI_MANIFEST,
  randomBytes,
} from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { refused } from "./answers.ts";

interface Listed {
  readonly mediaType: string;
  readonly digest: string;
  readonly artifactType?: string;
  readonly annotations?: Record<string, string>;
}

const empty = jsonContent("application/vnd.oci.empty.v1+json", {});
let server: Breakwater;
beforeAll(async () => {
  server = await startBreakwater();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (): Promise<RepositoryClient> => openRepository(server, `library/${uniqueName("referrers")}`);

/** An artifact about `subject`, pushed; its type is its own or, left out, its config's. */
async function refer(
  repository: RepositoryClient,
  subject: Omit<Content, "bytes">,
  extra: Record<string, unknown> = {},
): Promise<{ content: Content; response: Response }> {
  await repository.pushBlob(empty.bytes);
  const { mediaType, digest, size } = subject;
  const content = jsonContent(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptor(empty),
    layers: [],
    subject: { mediaType, digest, size },
    annotations: { id: crypto.randomUUID() },
    ...extra,
  });
  const response = await repository.fetch(`/manifests/${content.digest}`, {
    method: "PUT",
    headers: { "content-type": OCI_MANIFEST },
    body: content.bytes,
  });
  return { content, response };
}

async function list(repository: RepositoryClient, digest: string, query = ""): Promise<Listed[]> {
  const response = await repository.fetch(`/referrers/${digest}${query}`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(OCI_INDEX);
  return ((await response.json()) as { manifests: Listed[] }).manifests;
}

test("what refers to an image is listed, with its type and annotations", async () => {
  const repository = await open();
  const { manifest } = await makeImage();
  const sbom = await refer(repository, manifest, {
    artifactType: "application/sbom",
    annotations: { a: "b" },
  });
  expect(sbom.response.status).toBe(201);
  expect(sbom.response.headers.get("oci-subject")).toBe(manifest.digest);
  const plain = await refer(repository, manifest);
  expect(await list(repository, manifest.digest)).toEqual([
    { ...descriptor(sbom.content), artifactType: "application/sbom", annotations: { a: "b" } },
    expect.objectContaining({ digest: plain.content.digest, artifactType: empty.mediaType }),
  ]);
});

test("an index refers too, and has a type only when it says one", async () => {
  const repository = await open();
  const { manifest } = await makeImage();
  const index = jsonContent(OCI_INDEX, {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [],
    subject: descriptor(manifest),
  });
  await repository.pushManifest(index.digest, index);
  expect(await list(repository, manifest.digest)).toEqual([descriptor(index)]);
});

test("the subject may come later, or never, and may go", async () => {
  const repository = await open();
  const image = await makeImage();
  const { content } = await refer(repository, image.manifest);
  const digests = async () => (await list(repository, image.manifest.digest)).map(({ digest }) => digest);
  expect(await digests()).toEqual([content.digest]);
  await repository.pushImage(image, "latest");
  expect(await digests()).toEqual([content.digest]);
  const deleted = await repository.fetch(`/manifests/${image.manifest.digest}`, { method: "DELETE" });
  expect(deleted.status).toBe(202);
  expect(await digests()).toEqual([content.digest]);
});

test("a referrer that is deleted is listed no more", async () => {
  const repository = await open();
  const { manifest } = await makeImage();
  const { content } = await refer(repository, manifest);
  await repository.fetch(`/manifests/${content.digest}`, { method: "DELETE" });
  expect(await list(repository, manifest.digest)).toEqual([]);
});

test("nothing refers to what nobody knows, in a repository that is or is not", async () => {
  const digest = digestOf(randomBytes(8));
  expect(await list(await open(), digest)).toEqual([]);
  expect(await list(await open(), digestOf(randomBytes(8), "sha512"))).toEqual([]);
  expect(await refused(await (await open()).fetch("/referrers/latest"))).toBe("400 DIGEST_INVALID");
});

test("the list is of one repository", async () => {
  const { manifest } = await makeImage();
  await refer(await open(), manifest);
  expect(await list(await open(), manifest.digest)).toEqual([]);
});

test("the list can be filtered by type", async () => {
  const repository = await open();
  const { manifest } = await makeImage();
  const wanted = await refer(repository, manifest, { artifactType: "application/wanted+x" });
  await refer(repository, manifest, { artifactType: "application/other" });
  const query = `?artifactType=${encodeURIComponent("application/wanted+x")}`;
  const response = await repository.fetch(`/referrers/${manifest.digest}${query}`);
  expect(response.headers.get("oci-filters-applied")).toBe("artifactType");
  expect((await list(repository, manifest.digest, query)).map(({ digest }) => digest)).toEqual([
    wanted.content.digest,
  ]);
  expect((await repository.fetch(`/referrers/${manifest.digest}`)).headers.has("oci-filters-applied")).toBe(
    false,
  );
});

test("a long list comes in pages, each once", async () => {
  const repository = await open();
  const { manifest } = await makeImage();
  const pushed = new Set<string>();
  await repository.pushBlob(empty.bytes);
  for (let round = 0; round < 21; round++) {
    const batch = await Promise.all(Array.from({ length: 50 }, () => refer(repository, manifest)));
    for (const { content } of batch) pushed.add(content.digest);
  }
  const seen: string[] = [];
  let next: string | undefined = `/v2/${repository.name}/referrers/${manifest.digest}`;
  let pages = 0;
  while (next !== undefined) {
    const response: Response = await repository.fetch(next);
    const { manifests } = (await response.json()) as { manifests: Listed[] };
    seen.push(...manifests.map(({ digest }) => digest));
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
    pages++;
  }
  expect(pages).toBe(2);
  expect(seen).toHaveLength(pushed.size);
  expect(new Set(seen)).toEqual(pushed);
});
