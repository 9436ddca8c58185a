import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { deriveKey } from "../../src/access/keys.ts";
import { Tokens } from "../../src/access/tokens.ts";
import { hour, minute } from "../../src/kernel/index.ts";
import { type Breakwater, type Credentials, startBreakwater } from "../support/breakwater.ts";
import { addMember, createProject, createUser } from "../support/harbor.ts";
import { digestOf, makeImage, randomBytes } from "../support/image.ts";
import { openRepository, RepositoryClient, withDigest } from "../support/registry-client.ts";
import { refused } from "./answers.ts";

const secret = "a secret that the test knows too";
let server: Breakwater;
let name: string;
let user: Credentials;
beforeAll(async () => {
  server = await startBreakwater({ config: { breakwater: { secret_key: secret } } });
  const project = await createProject(server);
  name = `${project}/app`;
  user = await createUser(server);
  await addMember(server, project, user, "maintainer");
});
afterAll(() => server[Symbol.asyncDispose]());

/** The user's token as it was issued some time ago. */
async function oldToken(age: number, who = user): Promise<string> {
  const current = await (await server.api("/users/current", {}, who)).json();
  const { user_id: id } = current as { user_id: number };
  const key = deriveKey(createHash("sha512").update(secret).digest(), "tokens");
  const options = { key, issuer: "harbor-token-issuer", service: "harbor-registry", lifetime: 1_800 };
  const access = [{ type: "repository", name, actions: ["pull", "push", "delete"] }];
  const principal = { kind: "user" as const, id, name: who.username, admin: false };
  return (await new Tokens(options, () => Date.now() - age).issue(principal, access)).token;
}

async function clientWith(age: number, who = user): Promise<RepositoryClient> {
  return new RepositoryClient(server, name, await oldToken(age, who));
}

test("the test's own tokens are good as long as they are new", async () => {
  const fresh = await clientWith(minute);
  const digest = await fresh.pushBlob(randomBytes(10));
  expect((await fresh.fetch(`/blobs/${digest}`)).status).toBe(200);
});

test("an upload goes on with the token that it was begun with, after that has expired", async () => {
  const bytes = randomBytes(20_000);
  const location = await (await openRepository(server, name, user)).startUpload();
  const expired = await clientWith(hour);
  const patched = await expired.fetch(location, { method: "PATCH", body: bytes.slice(0, 10_000) });
  expect(patched.status).toBe(202);
  expect((await expired.fetch(location)).headers.get("range")).toBe("0-9999");
  const closed = await expired.fetch(withDigest(location, digestOf(bytes)), {
    method: "PUT",
    body: bytes.slice(10_000),
  });
  expect(closed.status).toBe(201);
});

test("an expired token opens nothing else", async () => {
  const fresh = await openRepository(server, name, user);
  const image = await makeImage();
  await fresh.pushImage(image, "latest");
  const expired = await clientWith(hour);
  const requests = [
    ["GET", "/v2/"],
    ["GET", "/v2/_catalog"],
    ["GET", "/tags/list"],
    ["GET", "/manifests/latest"],
    ["HEAD", "/manifests/latest"],
    ["PUT", "/manifests/latest"],
    ["DELETE", "/manifests/latest"],
    ["GET", `/blobs/${image.config.digest}`],
    ["DELETE", `/blobs/${image.config.digest}`],
    ["GET", `/referrers/${image.manifest.digest}`],
    ["POST", "/blobs/uploads/"],
    ["POST", `/blobs/uploads/?mount=${image.config.digest}&from=${name}`],
    ["POST", `/blobs/uploads/?digest=${image.config.digest}`],
  ] as const;
  for (const [method, path] of requests) {
    const response = await expired.fetch(path, { method });
    expect(response.headers.get("www-authenticate")).toStartWith("Bearer ");
    if (method === "HEAD") expect(response.status).toBe(401);
    else expect(await refused(response)).toBe("401 UNAUTHORIZED");
  }
});

test("an expired token does not go on with somebody else's upload, though its bearer might with a new one", async () => {
  const location = await (await openRepository(server, name)).startUpload();
  const expired = await clientWith(hour);
  for (const method of ["GET", "PATCH", "DELETE"]) {
    expect(await refused(await expired.fetch(location, { method }))).toBe("401 UNAUTHORIZED");
  }
  const fresh = await openRepository(server, name, user);
  expect((await fresh.fetch(location)).status).toBe(204);
});

test("a token that expired yesterday is no token any more", async () => {
  const location = await (await openRepository(server, name, user)).startUpload();
  const ancient = await clientWith(26 * hour);
  expect(await refused(await ancient.fetch(location))).toBe("401 UNAUTHORIZED");
});

test("a token ends with its account: it opens nothing any more, and goes on with no upload", async () => {
  const leaver = await createUser(server);
  await addMember(server, name.split("/")[0] ?? "", leaver, "maintainer");
  const repository = await openRepository(server, name, leaver);
  const digest = await repository.pushBlob(randomBytes(10));
  const location = await repository.startUpload();
  const expired = await clientWith(hour, leaver);
  expect((await expired.fetch(location)).status).toBe(204);
  const { user_id: id } = (await (await server.api("/users/current", {}, leaver)).json()) as {
    user_id: number;
  };
  expect((await server.api(`/users/${id}`, { method: "DELETE" })).status).toBe(200);
  for (const [method, path] of [
    ["GET", "/v2/"],
    ["GET", "/v2/_catalog"],
    ["GET", "/tags/list"],
    ["GET", `/blobs/${digest}`],
    ["POST", "/blobs/uploads/"],
    ["PATCH", location],
  ] as const) {
    expect(await refused(await repository.fetch(path, { method }))).toBe("401 UNAUTHORIZED");
  }
  expect(await refused(await expired.fetch(location, { method: "PATCH" }))).toBe("401 UNAUTHORIZED");
});

test("a token of the future is none yet", async () => {
  const early = await clientWith(-hour);
  expect(await refused(await early.fetch("/tags/list"))).toBe("401 UNAUTHORIZED");
});
