import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { blobKey, layerLinkKey, repositoriesPrefix } from "../../src/blobs/index.ts";
import { parseDigest } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { makeImage, makeIndex } from "../support/image.ts";
import { bodyIn, Pusher } from "./content.ts";
import { type ApiFixture, type Client, namesIn, openApi, refusalOf } from "./fixture.ts";

interface RepositoryBody {
  readonly id: number;
  readonly project_id: number;
  readonly name: string;
  readonly description: string;
  readonly artifact_count: number;
  readonly pull_count: number;
}

describeOnEngines("the API: repositories", (open) => {
  let fixture: ApiFixture;
  let push: Pusher;
  let admin: Client;
  let alice: Client;
  let bob: Client;
  beforeAll(async () => {
    fixture = await openApi(open);
    push = new Pusher(fixture.registry);
    admin = fixture.admin;
    alice = await fixture.user("alice");
    bob = await fixture.user("bob");
    await alice.post("/projects", { project_name: "closed" });
    await alice.post("/projects", { project_name: "open", metadata: { public: "true" } });
    for (const name of ["closed/a", "open/b", "open/deep/er"]) {
      fixture.rooms.clock.now += 1000;
      await push.newImage(name, ["latest"]);
    }
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  describe("lists", () => {
    test("show what one may know of, the youngest first", async () => {
      expect(await namesIn(await admin.get("/repositories"))).toEqual(["open/deep/er", "open/b", "closed/a"]);
      expect(await namesIn(await alice.get("/repositories"))).toEqual(["open/deep/er", "open/b", "closed/a"]);
      expect(await namesIn(await bob.get("/repositories"))).toEqual(["open/deep/er", "open/b"]);
      expect(await namesIn(await fixture.anonymous.get("/repositories"))).toEqual(["open/deep/er", "open/b"]);
      const robot = await fixture.robot("reader", "closed repository:list");
      expect(await namesIn(await robot.get("/repositories"))).toContain("closed/a");
    });

    test("of a project are its members'", async () => {
      expect(await namesIn(await alice.get("/projects/closed/repositories"))).toEqual(["closed/a"]);
      expect(await refusalOf(await bob.get("/projects/closed/repositories"))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await fixture.anonymous.get("/projects/closed/repositories"))).toBe(
        "401 UNAUTHORIZED",
      );
      expect(await refusalOf(await admin.get("/projects/absent/repositories"))).toBe("404 NOT_FOUND");
      expect(await namesIn(await fixture.anonymous.get("/projects/open/repositories"))).toHaveLength(2);
    });

    test("filter and sort by Harbor's names", async () => {
      expect(await namesIn(await admin.get("/repositories?q=name=~DEEP"))).toEqual(["open/deep/er"]);
      expect(await namesIn(await admin.get("/repositories?sort=name"))).toEqual([
        "closed/a",
        "open/b",
        "open/deep/er",
      ]);
      expect(await namesIn(await admin.get("/repositories?sort=-name&page_size=1&page=3"))).toEqual([
        "closed/a",
      ]);
      expect(await refusalOf(await admin.get("/repositories?q=pull_count=x"))).toBe("400 BAD_REQUEST");
    });

    test("page from either end alike", async () => {
      await alice.post("/projects", { project_name: "paged" });
      for (let i = 0; i < 7; i++) await push.newImage(`paged/r${i}`, []);
      const all = await namesIn(await alice.get("/projects/paged/repositories"));
      expect(all).toHaveLength(7);
      for (const sort of ["", "&sort=name", "&sort=-update_time", "&sort=artifact_count"]) {
        const whole = await namesIn(await alice.get(`/projects/paged/repositories?page_size=7${sort}`));
        const seen: string[] = [];
        for (let page = 1; page <= 4; page++) {
          const response = await alice.get(`/projects/paged/repositories?page_size=2&page=${page}${sort}`);
          expect(response.headers.get("x-total-count")).toBe("7");
          expect(response.headers.get("link")?.includes('rel="next"') ?? false).toBe(page < 4);
          seen.push(...(await namesIn(response)));
        }
        expect(seen).toEqual(whole);
      }
      expect(await namesIn(await alice.get("/projects/paged/repositories?page_size=2&page=5"))).toEqual([]);
    });
  });

  describe("one repository", () => {
    const deep = "/projects/open/repositories/deep%252Fer";

    test("has Harbor's fields, under a name that is encoded twice or once", async () => {
      const body = await bodyIn<RepositoryBody>(await alice.get(deep));
      expect(Object.keys(body).sort()).toEqual(
        "artifact_count creation_time description id name project_id pull_count update_time".split(" "),
      );
      expect(body).toMatchObject({ name: "open/deep/er", artifact_count: 1, pull_count: 0 });
      expect(await bodyIn<RepositoryBody>(await alice.get("/projects/open/repositories/deep%2Fer"))).toEqual(
        body,
      );
    });

    test("is described by those who may push to it", async () => {
      expect((await alice.put(deep, { description: "# A <b>title</b>" })).status).toBe(200);
      expect((await bodyIn<RepositoryBody>(await alice.get(deep))).description).toBe("# A <b>title</b>");
      expect(await refusalOf(await bob.put(deep, { description: "mine" }))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await alice.put(deep, { description: "x".repeat(70_000) }))).toBe(
        "400 BAD_REQUEST",
      );
      expect(await refusalOf(await alice.put(`${deep}x`, { description: "" }))).toBe("404 NOT_FOUND");
    });

    test.each(["get", "delete"] as const)("that does not exist cannot be %s", async (method) => {
      const absent = "/projects/open/repositories/absent";
      expect(await refusalOf(await alice[method](absent))).toBe("404 NOT_FOUND");
      expect(await refusalOf(await alice[method]("/projects/open/repositories/%25E0%25A4%25A"))).toBe(
        "400 BAD_REQUEST",
      );
      expect(await refusalOf(await bob[method](absent))).toBe("403 FORBIDDEN");
    });
  });

  describe("DELETE", () => {
    test("takes all that is in it, and leaves what others hold", async () => {
      const { database } = fixture.rooms;
      const images = { amd64: await makeImage(), arm64: await makeImage() };
      const shared = await makeImage();
      for (const image of Object.values(images)) await push.image("open/gone", image);
      const index = await push.manifest("open/gone", makeIndex(images), "v1", "v2");
      await push.referrer("open/gone", index, "application/vnd.example");
      await push.image("open/gone", shared, "shared");
      await push.image("open/kept", shared, "shared");
      await fixture.registry.uploads.begin("open/gone" as never, "user:1");
      const used = () =>
        database.read
          .selectFrom("project")
          .select("storage_used")
          .where("name", "=", "open")
          .executeTakeFirstOrThrow()
          .then((row) => row.storage_used);
      await push.newImage("open/before", []);
      const before = await used();

      expect(await refusalOf(await bob.delete("/projects/open/repositories/gone"))).toBe("403 FORBIDDEN");
      expect((await alice.delete("/projects/open/repositories/gone")).status).toBe(200);
      expect(await refusalOf(await alice.get("/projects/open/repositories/gone"))).toBe("404 NOT_FOUND");
      expect(await used()).toBeLessThan(before);
      expect(await fixture.rooms.audited()).toContain("delete repository open/gone");

      const { objects } = fixture;
      expect(await Array.fromAsync(objects.list(`${repositoriesPrefix}/open/gone`))).toEqual([]);
      const layer = parseDigest(shared.layers[0]?.digest ?? "");
      expect(await objects.stat(layerLinkKey("open/kept", layer))).not.toBeNull();
      // Its bytes stay for the grace period.
      expect(await objects.stat(blobKey(parseDigest(images.amd64.config.digest)))).not.toBeNull();
      const orphan = await database.read
        .selectFrom("blob")
        .select(["links", "orphaned_at"])
        .where("digest", "=", images.amd64.config.digest)
        .executeTakeFirstOrThrow();
      expect(orphan).toEqual({ links: 0, orphaned_at: fixture.rooms.clock.now });
    });

    test("can be pushed to again", async () => {
      await push.newImage("open/again", ["v1"]);
      expect((await alice.delete("/projects/open/repositories/again")).status).toBe(200);
      await push.newImage("open/again", ["v1"]);
      const body = await bodyIn<RepositoryBody>(await alice.get("/projects/open/repositories/again"));
      expect(body.artifact_count).toBe(1);
    });
  });
});
