import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { addMember, createProject, createUser } from "../support/harbor.ts";
import { digestOf, makeImage, makeIndex, randomBytes } from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { refusal, refused } from "./answers.ts";

let server: Breakwater;
let project: string;
beforeAll(async () => {
  server = await startBreakwater();
  project = await createProject(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (): Promise<RepositoryClient> => openRepository(server, `${project}/${crypto.randomUUID()}`);
const remove = (repository: RepositoryClient, path: string) => repository.fetch(path, { method: "DELETE" });

test("a deleted tag is gone, and its manifest is not", async () => {
  const repository = await open();
  const image = await makeImage();
  await repository.pushImage(image, "one");
  await repository.pushManifest("two", image.manifest);
  expect((await remove(repository, "/manifests/one")).status).toBe(202);
  expect(await refused(await repository.fetch("/manifests/one"))).toBe("404 MANIFEST_UNKNOWN");
  expect((await repository.pullManifest("two")).digest).toBe(image.manifest.digest);
  expect((await remove(repository, "/manifests/two")).status).toBe(202);
  expect((await repository.pullManifest(image.manifest.digest)).digest).toBe(image.manifest.digest);
});

test("a deleted manifest takes its tags with it, and can be pushed again", async () => {
  const repository = await open();
  const image = await makeImage();
  await repository.pushImage(image, "one");
  await repository.pushManifest("two", image.manifest);
  expect((await remove(repository, `/manifests/${image.manifest.digest}`)).status).toBe(202);
  for (const reference of ["one", "two", image.manifest.digest]) {
    expect(await refused(await repository.fetch(`/manifests/${reference}`))).toBe("404 MANIFEST_UNKNOWN");
  }
  await repository.pushManifest("one", image.manifest);
  expect((await repository.pullManifest("one")).digest).toBe(image.manifest.digest);
});

test("a manifest that an index needs is not deleted before it", async () => {
  const repository = await open();
  const image = await makeImage();
  await repository.pushImage(image);
  const index = makeIndex({ amd64: image });
  await repository.pushManifest("index", index);
  const { status, code, detail } = await refusal(
    await remove(repository, `/manifests/${image.manifest.digest}`),
  );
  expect([status, code]).toEqual([409, "MANIFEST_IN_USE"]);
  expect(detail).toEqual({ digest: image.manifest.digest, index: index.digest });
  expect((await remove(repository, `/manifests/${index.digest}`)).status).toBe(202);
  expect((await remove(repository, `/manifests/${image.manifest.digest}`)).status).toBe(202);
});

test("a blob that a manifest needs is not deleted before it", async () => {
  const repository = await open();
  const image = await makeImage({ layers: 1 });
  await repository.pushImage(image, "latest");
  const path = `/blobs/${image.config.digest}`;
  const { status, code, detail } = await refusal(await remove(repository, path));
  expect([status, code]).toEqual([409, "BLOB_IN_USE"]);
  expect(detail).toEqual({ digest: image.config.digest, manifests: 1 });
  await remove(repository, `/manifests/${image.manifest.digest}`);
  expect((await remove(repository, path)).status).toBe(202);
  expect(await refused(await repository.fetch(path))).toBe("404 BLOB_UNKNOWN");
  expect(await refused(await remove(repository, path))).toBe("404 BLOB_UNKNOWN");
});

test("a blob deleted in one repository stays in another", async () => {
  const [one, other] = [await open(), await open()];
  const bytes = randomBytes(1_000);
  const digest = await one.pushBlob(bytes);
  await other.pushBlob(bytes);
  expect((await remove(one, `/blobs/${digest}`)).status).toBe(202);
  expect(digestOf(await other.pullBlob(digest))).toBe(digest);
});

test("what is not there cannot be deleted", async () => {
  const repository = await open();
  const unknown = digestOf(randomBytes(8));
  expect(await refused(await remove(repository, "/manifests/latest"))).toBe("404 NAME_UNKNOWN");
  await repository.pushBlob(randomBytes(8));
  expect(await refused(await remove(repository, "/manifests/latest"))).toBe("404 MANIFEST_UNKNOWN");
  expect(await refused(await remove(repository, `/manifests/${unknown}`))).toBe("404 MANIFEST_UNKNOWN");
  expect(await refused(await remove(repository, `/blobs/${unknown}`))).toBe("404 BLOB_UNKNOWN");
});

test("who may push may not delete", async () => {
  const developer = await createUser(server);
  await addMember(server, project, developer, "developer");
  const name = `${project}/guarded`;
  const image = await makeImage({ layers: 1 });
  const repository = await openRepository(server, name, developer);
  await repository.pushImage(image, "latest");
  for (const path of [
    "/manifests/latest",
    `/manifests/${image.manifest.digest}`,
    `/blobs/${image.config.digest}`,
  ]) {
    const response = await remove(repository, path);
    expect(response.headers.get("www-authenticate")).toEndWith(`scope="repository:${name}:delete"`);
    expect(await refused(response)).toBe("401 UNAUTHORIZED");
  }
  expect((await repository.pullManifest("latest")).digest).toBe(image.manifest.digest);
});
