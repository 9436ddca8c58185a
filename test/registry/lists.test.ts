import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Breakwater, type Credentials, startBreakwater } from "../support/breakwater.ts";
import { addMember, createProject, createRobot, createUser, uniqueName } from "../support/harbor.ts";
import { makeImage } from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { refused } from "./answers.ts";

let server: Breakwater;
beforeAll(async () => {
  server = await startBreakwater();
});
afterAll(() => server[Symbol.asyncDispose]());

const ascii = ["1.0", "1.10", "1.9", "A", "Z", "_x", "a", "a-b", "a.b", "z"];

async function tagged(tags: readonly string[]): Promise<RepositoryClient> {
  const repository = await openRepository(server, `library/${uniqueName("lists")}`);
  const image = await makeImage();
  await repository.pushImage(image);
  for (const tag of [...tags].reverse()) await repository.pushManifest(tag, image.manifest);
  return repository;
}

function nextOf(response: Response): string | undefined {
  return /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
}

/** Follows the links from page to page. */
async function pages(repository: RepositoryClient, first: string): Promise<string[][]> {
  const found: string[][] = [];
  for (let path: string | undefined = first; path !== undefined; ) {
    const response: Response = await repository.fetch(path);
    expect(response.status).toBe(200);
    found.push(((await response.json()) as { tags: string[] }).tags);
    path = nextOf(response);
  }
  return found;
}

describe("tags", () => {
  test("are listed in the order of ASCII", async () => {
    const repository = await tagged(ascii);
    const response = await repository.fetch("/tags/list");
    expect(await response.json()).toEqual({ name: repository.name, tags: ascii });
    expect(response.headers.has("link")).toBe(false);
  });

  test("come in pages of the size asked for, joined by links", async () => {
    const repository = await tagged(ascii);
    const found = await pages(repository, "/tags/list?n=4");
    expect(found).toEqual([ascii.slice(0, 4), ascii.slice(4, 8), ascii.slice(8)]);
    expect(await pages(repository, "/tags/list?n=5")).toEqual([ascii.slice(0, 5), ascii.slice(5)]);
  });

  test("begin behind the last one, which need not be there", async () => {
    const repository = await tagged(ascii);
    expect(await pages(repository, "/tags/list?last=Z")).toEqual([ascii.slice(5)]);
    expect(await pages(repository, "/tags/list?last=ZZ")).toEqual([ascii.slice(5)]);
    expect(await pages(repository, "/tags/list?n=2&last=a-b")).toEqual([["a.b", "z"]]);
    expect(await pages(repository, "/tags/list?last=zz")).toEqual([[]]);
  });

  test("of which none are asked for are none, and no page follows", async () => {
    const repository = await tagged(["a"]);
    const response = await repository.fetch("/tags/list?n=0");
    expect(await response.json()).toEqual({ name: repository.name, tags: [] });
    expect(response.headers.has("link")).toBe(false);
  });

  test("of a repository without any are none, and of no repository are unknown", async () => {
    expect(await pages(await tagged([]), "/tags/list")).toEqual([[]]);
    const nowhere = await openRepository(server, "library/nowhere");
    expect(await refused(await nowhere.fetch("/tags/list"))).toBe("404 NAME_UNKNOWN");
  });
});

describe("the catalog", () => {
  async function catalog(as: Credentials, query = ""): Promise<string[]> {
    const token = await server.token(["registry:catalog:*"], as);
    const response = await server.fetch(`/v2/_catalog${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    return ((await response.json()) as { repositories: string[] }).repositories;
  }

  test("shows each caller what they may know of", async () => {
    const [mine, theirs, open] = [
      await createProject(server),
      await createProject(server),
      await createProject(server, { public: true }),
    ];
    for (const project of [mine, theirs, open]) {
      await (await openRepository(server, `${project}/app`)).pushImage(await makeImage(), "v1");
    }
    const user = await createUser(server);
    await addMember(server, mine, user, "guest");
    const robot = await createRobot(server, mine);
    for (const who of [user, robot]) {
      const seen = await catalog(who);
      expect(seen).toContain(`${mine}/app`);
      expect(seen).toContain(`${open}/app`);
      expect(seen).not.toContain(`${theirs}/app`);
    }
    expect(await catalog(server.admin)).toContain(`${theirs}/app`);
  });

  test("is for those with an account", async () => {
    expect(await refused(await server.fetch("/v2/_catalog"))).toBe("401 UNAUTHORIZED");
    const token = await server.token(["registry:catalog:*"], null);
    const anonymous = await server.fetch("/v2/_catalog", { headers: { authorization: `Bearer ${token}` } });
    expect(await refused(anonymous)).toBe("401 UNAUTHORIZED");
  });

  test("comes in pages", async () => {
    const project = await createProject(server);
    const names = ["a", "b", "c"].map((name) => `${project}/${name}`);
    for (const name of names)
      await (await openRepository(server, name)).pushImage(await makeImage({ layers: 1 }), "v1");
    const robot = await createUser(server);
    await addMember(server, project, robot, "guest");
    const page = await catalog(robot, `?n=2&last=${encodeURIComponent(`${project}/`)}`);
    expect(page).toEqual(names.slice(0, 2));
    expect(await catalog(robot, `?n=1&last=${encodeURIComponent(page[1] ?? "")}`)).toEqual(names.slice(2));
  });
});
