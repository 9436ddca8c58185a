import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Breakwater, type Credentials, startBreakwater } from "../support/breakwater.ts";
import { addMember, createProject, createRobot, createUser } from "../support/harbor.ts";
import { digestOf, randomBytes } from "../support/image.ts";
import {
  expectStatus,
  locationOf,
  openRepository,
  type RepositoryClient,
  withDigest,
} from "../support/registry-client.ts";
import { refused } from "./answers.ts";

let server: Breakwater;
let project: string;
let source: RepositoryClient;
let user: Credentials;
beforeAll(async () => {
  server = await startBreakwater();
  project = await createProject(server);
  source = await openRepository(server, `${project}/source`);
  user = await createUser(server);
  await addMember(server, project, user, "developer");
});
afterAll(() => server[Symbol.asyncDispose]());

function mount(repository: RepositoryClient, digest: string, from?: string): Promise<Response> {
  const query = new URLSearchParams({ mount: digest, ...(from === undefined ? {} : { from }) });
  return repository.fetch(`/blobs/uploads/?${query}`, { method: "POST" });
}

const push = () => source.pushBlob(randomBytes(10_000));

async function expectMounted(
  repository: RepositoryClient,
  response: Response,
  digest: string,
): Promise<void> {
  await expectStatus(201, response);
  expect(response.headers.get("location")).toBe(`/v2/${repository.name}/blobs/${digest}`);
  expect(response.headers.get("docker-content-digest")).toBe(digest);
  expect(digestOf(await repository.pullBlob(digest))).toBe(digest);
}

/** Not mounted, and the upload that was begun instead works. */
async function expectUpload(repository: RepositoryClient, response: Response, digest: string): Promise<void> {
  await expectStatus(202, response);
  expect(await refused(await repository.fetch(`/blobs/${digest}`))).toBe("404 BLOB_UNKNOWN");
  const bytes = randomBytes(100);
  const target = withDigest(locationOf(response), digestOf(bytes));
  expect((await repository.fetch(target, { method: "PUT", body: bytes })).status).toBe(201);
}

test("a blob is mounted from the repository that is named, by who may pull there", async () => {
  const digest = await push();
  const target = await openRepository(server, `${project}/named`, user);
  await expectMounted(target, await mount(target, digest, source.name), digest);
});

test("a blob is mounted from wherever the caller may pull it", async () => {
  const digest = await push();
  const target = await openRepository(server, `${project}/anywhere`, user);
  await expectMounted(target, await mount(target, digest), digest);
});

test("a blob of a public project is mounted by whoever may push to the target", async () => {
  const open = await openRepository(server, "library/public");
  const digest = await open.pushBlob(randomBytes(100));
  const target = await openRepository(server, `${project}/from-public`, user);
  await expectMounted(target, await mount(target, digest, open.name), digest);
});

test("what is not there is not mounted: an upload begins instead", async () => {
  const target = await openRepository(server, `${project}/absent`, user);
  const unknown = digestOf(randomBytes(8));
  const digest = await push();
  await expectUpload(target, await mount(target, unknown, source.name), unknown);
  await expectUpload(target, await mount(target, unknown), unknown);
  for (const from of [
    `${project}/nowhere`,
    "nobody/nothing",
    "..",
    "",
    "UPPER/x",
    source.name.slice(0, -1),
  ]) {
    await expectUpload(target, await mount(target, digest, from), digest);
  }
});

test("to know the digest of a private blob is no way to its bytes", async () => {
  const digest = await push();
  const strangersProject = await createProject(server);
  const stranger = await createUser(server);
  await addMember(server, strangersProject, stranger, "projectAdmin");
  const robot = await createRobot(server, strangersProject);
  for (const [index, who] of [stranger, robot].entries()) {
    const target = await openRepository(server, `${strangersProject}/theft-${index}`, who);
    for (const from of [
      source.name,
      undefined,
      `${strangersProject}/../${source.name}`,
      `${source.name}?x`,
    ]) {
      await expectUpload(target, await mount(target, digest, from), digest);
    }
  }
});

test("a right that was taken away is gone for mounts at once", async () => {
  const digest = await push();
  const own = await createProject(server);
  const leaver = await createUser(server);
  await addMember(server, own, leaver, "developer");
  await addMember(server, project, leaver, "guest");
  const target = await openRepository(server, `${own}/left`, leaver);
  const members = (await (
    await server.api(`/projects/${project}/members?entityname=${leaver.username}`)
  ).json()) as {
    id: number;
  }[];
  await expectStatus(
    200,
    await server.api(`/projects/${project}/members/${members[0]?.id}`, { method: "DELETE" }),
  );
  await expectUpload(target, await mount(target, digest, source.name), digest);
});

test("who may only pull mounts nothing", async () => {
  const digest = await push();
  const guest = await createUser(server);
  await addMember(server, project, guest, "guest");
  const target = await openRepository(server, `${project}/guest`, guest);
  expect(await refused(await mount(target, digest, source.name))).toBe("401 UNAUTHORIZED");
});

test("what is no digest is refused", async () => {
  const target = await openRepository(server, `${project}/invalid`, user);
  expect(await refused(await mount(target, "latest", source.name))).toBe("400 DIGEST_INVALID");
});
