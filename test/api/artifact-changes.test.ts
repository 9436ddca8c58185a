import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { layerLinkKey, tagLinkKey } from "../../src/blobs/index.ts";
import { parseDigest } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { makeImage, makeIndex } from "../support/image.ts";
import { bodies, bodyIn, Pusher } from "./content.ts";
import { type ApiFixture, type Client, namesIn, openApi, refusalOf } from "./fixture.ts";

describeOnEngines("the API: changes to artifacts", (open) => {
  let fixture: ApiFixture;
  let push: Pusher;
  let admin: Client;
  let alice: Client;
  let guest: Client;
  let developer: Client;
  beforeAll(async () => {
    fixture = await openApi(open);
    push = new Pusher(fixture.registry);
    admin = fixture.admin;
    alice = await fixture.user("alice");
    guest = await fixture.user("guest");
    developer = await fixture.user("developer");
    for (const project of ["team", "other"]) await alice.post("/projects", { project_name: project });
    for (const [user, role] of [
      [guest, 3],
      [developer, 2],
    ] as const) {
      await alice.post("/projects/team/members", { role_id: role, member_user: { username: user.name } });
    }
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const pathTo = (repository: string, project = "team") =>
    `/projects/${project}/repositories/${repository}/artifacts`;

  describe("tags", () => {
    const path = `${pathTo("tags")}/v1/tags`;

    test("are added, listed and taken off", async () => {
      await push.newImage("team/tags", ["v1"]);
      fixture.rooms.clock.now += 1000;
      expect((await developer.post(path, { name: "v1.0" })).status).toBe(201);
      const response = await guest.get(path);
      expect(response.headers.get("x-total-count")).toBe("2");
      expect(await namesIn(response)).toEqual(["v1.0", "v1"]);
      expect(await namesIn(await guest.get(`${path}?sort=name&page_size=1&page=2`))).toEqual(["v1.0"]);
      expect(await namesIn(await guest.get(`${path}?q=name=~.0`))).toEqual(["v1.0"]);
      expect(await fixture.objects.get(tagLinkKey("team/tags", "v1.0"))).not.toBeNull();
      expect((await alice.delete(`${path}/v1.0`)).status).toBe(200);
      expect(await namesIn(await guest.get(path))).toEqual(["v1"]);
      expect(await fixture.objects.get(tagLinkKey("team/tags", "v1.0"))).toBeNull();
      expect(await fixture.rooms.audited()).toContain("create tag team/tags:v1.0");
    });

    test("are refused when they exist, or are none", async () => {
      const other = await push.newImage("team/tags", ["v2"]);
      expect(await refusalOf(await alice.post(path, { name: "v2" }))).toBe("409 CONFLICT");
      expect(await refusalOf(await alice.post(path, { name: "v1" }))).toBe("409 CONFLICT");
      expect(await refusalOf(await alice.post(path, { name: "no:tag" }))).toBe("400 TAG_INVALID");
      expect(await refusalOf(await alice.post(path, {}))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await alice.post(`${pathTo("tags")}/v9/tags`, { name: "x" }))).toBe(
        "404 NOT_FOUND",
      );
      expect(await refusalOf(await alice.delete(`${path}/v2`))).toBe("404 NOT_FOUND");
      expect(await refusalOf(await alice.delete(`${path}/${other}`))).toBe("404 NOT_FOUND");
    });

    test("are for those who may", async () => {
      expect(await refusalOf(await guest.post(path, { name: "mine" }))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await developer.delete(`${path}/v1`))).toBe("403 FORBIDDEN");
      const robot = await fixture.robot("tagger", "team tag:create", "team tag:list");
      expect((await robot.post(path, { name: "by-robot" })).status).toBe(201);
      expect(await refusalOf(await robot.delete(`${path}/by-robot`))).toBe("403 FORBIDDEN");
    });
  });

  describe("labels", () => {
    const artifact = `${pathTo("labels")}/v1`;
    const label = async (name: string, body: object, by = alice) => {
      const response = await by.post("/labels", { name, ...body });
      return Number(response.headers.get("location")?.split("/").pop());
    };

    test("are put on, shown, looked for and taken off", async () => {
      const project = await bodyIn<{ project_id: number }>(await alice.get("/projects/team"));
      const own = await label("own", { scope: "p", project_id: project.project_id });
      const global = await label("global", { scope: "g" }, admin);
      await push.newImage("team/labels", ["v1"]);
      await push.newImage("team/labels", ["v2"]);
      expect((await developer.post(`${artifact}/labels`, { id: own })).status).toBe(200);
      expect((await developer.post(`${artifact}/labels`, { id: global, name: "global" })).status).toBe(200);
      expect(await refusalOf(await developer.post(`${artifact}/labels`, { id: own }))).toBe("409 CONFLICT");
      const shown = await bodyIn(await guest.get(`${artifact}?with_label=true`));
      expect(shown.labels?.map(({ name }) => name)).toEqual(["own", "global"]);
      expect((await bodyIn(await guest.get(artifact))).labels).toBeNull();
      const found = await bodies(await guest.get(`${pathTo("labels")}?q=labels=(${own} ${global})`));
      expect(found.map(({ id }) => id)).toEqual([shown.id]);
      expect((await developer.delete(`${artifact}/labels/${own}`)).status).toBe(200);
      expect(await bodies(await guest.get(`${pathTo("labels")}?q=labels=(${own})`))).toEqual([]);
      expect(await refusalOf(await developer.delete(`${artifact}/labels/${own}`))).toBe("404 NOT_FOUND");
    });

    test("are refused when they are another project's, or nobody's", async () => {
      const project = await bodyIn<{ project_id: number }>(await alice.get("/projects/other"));
      const foreign = await label("foreign", { scope: "p", project_id: project.project_id });
      expect(await refusalOf(await alice.post(`${artifact}/labels`, { id: foreign }))).toBe("404 NOT_FOUND");
      expect(await refusalOf(await alice.post(`${artifact}/labels`, { id: 99_999 }))).toBe("404 NOT_FOUND");
      expect(await refusalOf(await guest.post(`${artifact}/labels`, { id: foreign }))).toBe("403 FORBIDDEN");
    });
  });

  describe("copies", () => {
    const copy = (
      by: Client,
      from: string,
      to = pathTo("copied/here", "other").replace("copied/", "copied%252F"),
    ) => by.post(`${to}?from=${encodeURIComponent(from)}`, undefined);

    test("bring tags, children and what refers to them, and no bytes", async () => {
      const images = { amd64: await makeImage(), arm64: await makeImage() };
      for (const image of Object.values(images)) await push.image("team/source", image);
      const index = await push.manifest("team/source", makeIndex(images), "v1", "latest");
      const signature = await push.referrer(
        "team/source",
        images.arm64.manifest.digest,
        "application/vnd.example",
      );
      const response = await copy(alice, "team/source:v1");
      expect(response.status, await response.clone().text()).toBe(201);
      expect(response.headers.get("location")).toBe(
        "/api/v2.0/projects/other/repositories/copied%252Fhere/artifacts/v1",
      );
      const list = pathTo("copied%252Fhere", "other");
      const copied = await bodyIn(await alice.get(`${list}/v1`));
      expect(copied.digest).toBe(index);
      expect(copied.tags?.map(({ name }) => name).sort()).toEqual(["latest", "v1"]);
      const arm64 = await bodyIn(await alice.get(`${list}/${images.arm64.manifest.digest}`));
      expect(arm64.accessories?.map(({ digest }) => digest)).toEqual([signature]);
      const layer = parseDigest(images.amd64.layers[0]?.digest ?? "");
      expect(await fixture.objects.get(layerLinkKey("other/copied/here", layer))).not.toBeNull();
      expect((await copy(alice, "team/source:v1")).status).toBe(201);
    });

    test("take a digest too", async () => {
      const digest = await push.newImage("team/by-digest", []);
      expect((await copy(alice, `team/by-digest@${digest}`, pathTo("by-digest", "other"))).status).toBe(201);
      expect((await alice.get(`${pathTo("by-digest", "other")}/${digest}`)).status).toBe(200);
    });

    test.each([
      ["team/source", "400 BAD_REQUEST"],
      ["source:v1", "400 NAME_INVALID"],
      ["team/source:absent", "404 NOT_FOUND"],
      ["team/absent:v1", "404 NOT_FOUND"],
      ["team/source@sha256:x", "400 DIGEST_INVALID"],
      ["", "400 BAD_REQUEST"],
    ])("of %j are refused", async (from, refusal) => {
      expect(await refusalOf(await copy(alice, from))).toBe(refusal);
    });

    test("need the right to pull there and to push here", async () => {
      expect(await refusalOf(await copy(guest, "team/source:v1", pathTo("x")))).toBe("403 FORBIDDEN");
      await push.newImage("other/secret", ["v1"]);
      expect(await refusalOf(await copy(developer, "other/secret:v1", pathTo("stolen")))).toBe(
        "403 FORBIDDEN",
      );
      const looker = await fixture.robot(
        "looker",
        "other artifact:read",
        "team artifact:create",
        "team repository:push",
      );
      expect(await refusalOf(await copy(looker, "other/secret:v1", pathTo("stolen")))).toBe("403 FORBIDDEN");
    });

    test("are refused beyond the quota of the project", async () => {
      const created = await admin.post("/projects", { project_name: "small", storage_limit: 10 });
      expect(created.status).toBe(201);
      expect(await refusalOf(await copy(admin, "team/source:v1", pathTo("x", "small")))).toBe("403 DENIED");
    });
  });
});
