import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { describeOnEngines } from "../support/engines.ts";
import { makeImage, makeIndex } from "../support/image.ts";
import { bodies, bodyIn, Pusher } from "./content.ts";
import { type ApiFixture, type Client, openApi, refusalOf } from "./fixture.ts";

describeOnEngines("the API: artifacts", (open) => {
  let fixture: ApiFixture;
  let push: Pusher;
  let alice: Client;
  let bob: Client;
  beforeAll(async () => {
    fixture = await openApi(open);
    push = new Pusher(fixture.registry);
    alice = await fixture.user("alice");
    bob = await fixture.user("bob");
    await alice.post("/projects", { project_name: "team" });
    await alice.post("/projects", { project_name: "open", metadata: { public: "true" } });
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const later = () => {
    fixture.rooms.clock.now += 1000;
  };
  const pathTo = (repository: string) => `/projects/team/repositories/${repository}/artifacts`;
  const digestsIn = async (response: Response) => (await bodies(response)).map(({ digest }) => digest);

  describe("one artifact", () => {
    test("has Harbor's fields, by tag and by digest", async () => {
      const image = await makeImage({ extra: { annotations: { "org.example": "yes" } } });
      await push.image("team/one", image, "v1", "v2");
      const byTag = await bodyIn(await alice.get(`${pathTo("one")}/v1`));
      expect(await bodyIn(await alice.get(`${pathTo("one")}/${image.manifest.digest}`))).toEqual(byTag);
      const size = [image.manifest, image.config, ...image.layers].reduce((sum, part) => sum + part.size, 0);
      expect(byTag).toMatchObject({
        type: "IMAGE",
        media_type: "application/vnd.oci.image.config.v1+json",
        manifest_media_type: "application/vnd.oci.image.manifest.v1+json",
        artifact_type: "application/vnd.oci.image.config.v1+json",
        repository_name: "team/one",
        digest: image.manifest.digest,
        size,
        pull_time: "0001-01-01T00:00:00.000Z",
        annotations: { "org.example": "yes" },
        extra_attrs: {
          architecture: "amd64",
          os: "linux",
          author: "",
          created: "2020-01-02T03:04:05Z",
          config: { Cmd: ["/bin/true"] },
        },
        references: null,
        labels: null,
        accessories: null,
      });
      expect(byTag.tags?.map(({ name }) => name).sort()).toEqual(["v1", "v2"]);
      expect(byTag.tags?.[0]).toMatchObject({ artifact_id: byTag.id, immutable: false });
    });

    test("tells how it was built, under the link that it names", async () => {
      await push.newImage("team/deep/er", ["v1"]);
      const body = await bodyIn(await alice.get("/projects/team/repositories/deep%252Fer/artifacts/v1"));
      const href = body.addition_links?.build_history?.href ?? "";
      expect(href).toBe(
        `/api/v2.0/projects/team/repositories/deep%252Fer/artifacts/${body.digest}/additions/build_history`,
      );
      const history = await bodyIn<object[]>(await alice.get(href.replace("/api/v2.0", "")));
      expect(history).toEqual([{ created: "2020-01-02T03:04:05Z", created_by: "layer 0" }]);
      expect(await refusalOf(await alice.get(href.replace(/.*v2.0/, "").replace("build_history", "x")))).toBe(
        "400 BAD_REQUEST",
      );
    });

    test("shows its last pull", async () => {
      const digest = await push.newImage("team/pulled", ["v1"]);
      const resolved = await fixture.registry.resolver.resolve("team/pulled" as never, {
        kind: "tag",
        tag: "v1",
      });
      fixture.registry.pulls.count(resolved);
      await fixture.registry.pulls.flush();
      const body = await bodyIn(await alice.get(`${pathTo("pulled")}/${digest}`));
      expect(body.pull_time).toBe(new Date(fixture.rooms.clock.now).toISOString());
    });

    test.each([
      ["absent", "404 NOT_FOUND"],
      [`sha256:${"0".repeat(64)}`, "404 NOT_FOUND"],
      ["sha256:short", "400 DIGEST_INVALID"],
      ["-bad", "400 TAG_INVALID"],
    ])("%s is refused", async (reference, refusal) => {
      expect(await refusalOf(await alice.get(`${pathTo("one")}/${reference}`))).toBe(refusal);
      expect(await refusalOf(await alice.delete(`${pathTo("one")}/${reference}`))).toBe(refusal);
      expect((await alice.get(`${pathTo("absent")}/${reference}`)).status).toBe(Number(refusal.slice(0, 3)));
    });

    test("is its project's members' to see", async () => {
      expect(await refusalOf(await bob.get(`${pathTo("one")}/v1`))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await fixture.anonymous.get(`${pathTo("one")}/v1`))).toBe("401 UNAUTHORIZED");
      await push.newImage("open/seen", ["v1"]);
      const seen = "/projects/open/repositories/seen/artifacts/v1";
      expect((await fixture.anonymous.get(seen)).status).toBe(200);
      expect(await refusalOf(await bob.delete(seen))).toBe("403 FORBIDDEN");
    });
  });

  describe("the list", () => {
    test("shows what stands for itself; base=* shows all", async () => {
      const images = { amd64: await makeImage(), arm64: await makeImage({ architecture: "arm64" }) };
      for (const image of Object.values(images)) await push.image("team/multi", image);
      const children = Object.values(images).map(({ manifest }) => manifest.digest);
      const list = pathTo("multi");
      expect((await digestsIn(await alice.get(list))).sort()).toEqual([...children].sort());

      later();
      const index = await push.manifest("team/multi", makeIndex(images), "latest");
      const [shown, ...others] = await bodies(await alice.get(list));
      expect(others).toEqual([]);
      expect(shown).toMatchObject({
        digest: index,
        type: "IMAGE",
        media_type: "application/vnd.oci.image.index.v1+json",
      });
      expect(shown?.references).toEqual([
        expect.objectContaining({
          child_digest: images.amd64.manifest.digest,
          platform: { architecture: "amd64", os: "linux" },
          urls: null,
        }),
        expect.objectContaining({ child_digest: images.arm64.manifest.digest }),
      ]);
      const child = await bodyIn(await alice.get(`${list}/${children[0]}`));
      expect(shown?.references?.[0]).toMatchObject({ child_id: child.id, parent_id: shown?.id });
      expect(await digestsIn(await alice.get(`${list}?q=base%3D*`))).toHaveLength(3);
      expect(await refusalOf(await alice.get(`${list}?q=base=x`))).toBe("400 BAD_REQUEST");

      // A child that is tagged stands for itself too, as long as it is.
      await alice.post(`${list}/${children[0]}/tags`, { name: "amd64" });
      expect(await digestsIn(await alice.get(list))).toHaveLength(2);
      const repository = await bodyIn<{ artifact_count: number }>(
        await alice.get("/projects/team/repositories/multi"),
      );
      expect(repository.artifact_count).toBe(2);
      await alice.delete(`${list}/amd64/tags/amd64`);
      expect(await digestsIn(await alice.get(list))).toEqual([index]);
    });

    test("shows what refers to an artifact with it, whichever comes first", async () => {
      const list = pathTo("signed");
      const image = await makeImage();
      const early = await push.referrer(
        "team/signed",
        image.manifest.digest,
        "application/vnd.example.early",
      );
      expect(await digestsIn(await alice.get(list))).toEqual([early]);
      await push.image("team/signed", image, "v1");
      const late = await push.referrer("team/signed", image.manifest.digest, "application/vnd.example.late");
      const [shown, ...others] = await bodies(await alice.get(list));
      expect(others).toEqual([]);
      expect(shown?.accessories?.map(({ digest }) => digest)).toEqual([early, late]);
      expect(shown?.accessories?.[0]).toMatchObject({
        type: "subject.accessory",
        subject_artifact_digest: image.manifest.digest,
      });
      expect((await bodies(await alice.get(`${list}?with_accessory=false`)))[0]?.accessories).toBeNull();
      const page = await alice.get(`${list}/v1/accessories?page_size=1&page=2`);
      expect(page.headers.get("x-total-count")).toBe("2");
      expect(await digestsIn(page)).toEqual([late]);
    });

    test.each([
      ["application/vnd.goharbor.harbor.sbom.v1", "sbom.harbor"],
      ["application/spdx+json", "sbom.harbor"],
      ["application/vnd.cyclonedx+json", "sbom.harbor"],
      ["application/vnd.dev.cosign.artifact.sig.v1+json", "subject.accessory"],
    ])("calls what refers to an artifact as %s by Harbor's name: %s", async (artifactType, type) => {
      const repository = crypto.randomUUID().slice(0, 8);
      const list = pathTo(repository);
      const digest = await push.newImage(`team/${repository}`, ["v1"]);
      await push.referrer(`team/${repository}`, digest, artifactType);
      const [shown] = await bodies(await alice.get(list));
      expect(shown?.accessories?.map((one) => one.type)).toEqual([type]);
      const listed = await bodies<{ type: string }>(await alice.get(`${list}/v1/accessories`));
      expect(listed.map((one) => one.type)).toEqual([type]);
    });

    test("filters by Harbor's grammar", async () => {
      const list = pathTo("filtered");
      const first = await push.newImage("team/filtered", ["v1.0", "stable"]);
      later();
      const second = await push.newImage("team/filtered", ["v2.0"]);
      later();
      const untagged = await push.newImage("team/filtered", []);
      later();
      const chart = await push.withConfig(
        "team/filtered",
        "application/vnd.cncf.helm.config.v1+json",
        new TextEncoder().encode(JSON.stringify({ name: "chart", version: "1.2.3" })),
      );
      const at = new Date(fixture.rooms.clock.now - 2000).toISOString().slice(0, 19);
      for (const [q, expected] of [
        ["tags=*", [second, first]],
        ["tags=nil", [chart, untagged]],
        ["tags=stable", [first]],
        ["tags=~0", [second, first]],
        ["tags=absent", []],
        [`digest=${untagged}`, [untagged]],
        ["type=CHART", [chart]],
        // A plus sign means a space here, so that clients escape it twice.
        ["media_type=application/vnd.cncf.helm.config.v1%2Bjson", [chart]],
        [`push_time=[${at}~]`, [chart, untagged, second]],
        [`push_time=[~${at}],tags=nil`, []],
        ["unknown=ignored", [chart, untagged, second, first]],
      ] as const) {
        const response = await alice.get(`${list}?q=${encodeURIComponent(q)}`);
        expect(response.headers.get("x-total-count"), q).toBe(String(expected.length));
        expect(await digestsIn(response), q).toEqual([...expected]);
      }
      for (const q of ["tags={a b}", "labels=1", "labels=(x)", "push_time=[yesterday~]"]) {
        expect(await refusalOf(await alice.get(`${list}?q=${encodeURIComponent(q)}`)), q).toBe(
          "400 BAD_REQUEST",
        );
      }
      expect(await digestsIn(await alice.get(`${list}?sort=push_time`))).toEqual([
        first,
        second,
        untagged,
        chart,
      ]);
    });

    test("pages to the end, from either end alike", async () => {
      const list = pathTo("paged");
      const pushed: string[] = [];
      for (let i = 0; i < 7; i++) {
        if (i % 2 === 0) later();
        pushed.unshift(await push.newImage("team/paged", [`t${i}`]));
      }
      for (const [sort, expected] of [
        ["", pushed],
        ["&sort=push_time", pushed.toReversed()],
        ["&sort=id", pushed.toReversed()],
      ] as const) {
        const seen: string[] = [];
        for (let page = 1; page <= 4; page++) {
          const response = await alice.get(`${list}?page_size=2&page=${page}${sort}`);
          expect(response.headers.get("x-total-count")).toBe("7");
          seen.push(...(await digestsIn(response)));
        }
        expect(seen).toEqual([...expected]);
      }
      expect(await digestsIn(await alice.get(`${list}?page_size=2&page=9`))).toEqual([]);
      expect((await bodies(await alice.get(`${list}?with_tag=false`)))[0]?.tags).toBeNull();
    });

    test("of a repository that does not exist is empty, as in Harbor", async () => {
      const response = await alice.get(pathTo("absent"));
      expect(response.headers.get("x-total-count")).toBe("0");
      expect(await bodies(response)).toEqual([]);
      expect(await refusalOf(await bob.get(pathTo("absent")))).toBe("403 FORBIDDEN");
    });

    test("of a project shows all its repositories'", async () => {
      await alice.post("/projects", { project_name: "whole" });
      const a = await push.newImage("whole/a", ["v1"]);
      later();
      const b = await push.newImage("whole/b", ["v1"]);
      const response = await alice.get("/projects/whole/artifacts");
      expect(response.headers.get("x-total-count")).toBe("2");
      expect(await digestsIn(response)).toEqual([b, a]);
      expect(await digestsIn(await alice.get("/projects/whole/artifacts?q=tags=v1&sort=push_time"))).toEqual([
        a,
        b,
      ]);
      expect(await refusalOf(await alice.get("/projects/whole/artifacts?latest_in_repository=true"))).toBe(
        "400 BAD_REQUEST",
      );
      expect(await refusalOf(await bob.get("/projects/whole/artifacts"))).toBe("403 FORBIDDEN");
    });
  });

  describe("DELETE", () => {
    test("takes the tags and what only the artifact held together", async () => {
      const images = { amd64: await makeImage(), arm64: await makeImage(), s390x: await makeImage() };
      for (const image of Object.values(images)) await push.image("team/parts", image);
      await alice.post(`${pathTo("parts")}/${images.s390x.manifest.digest}/tags`, { name: "mainframe" });
      const index = await push.manifest("team/parts", makeIndex(images), "v1");
      const other = await push.manifest("team/parts", makeIndex({ arm64: images.arm64 }), "v2");
      await push.referrer("team/parts", index, "application/vnd.example");
      await push.referrer("team/parts", images.amd64.manifest.digest, "application/vnd.example");
      const list = pathTo("parts");

      const child = `${list}/${images.amd64.manifest.digest}`;
      expect(await refusalOf(await alice.delete(child))).toBe("412 PRECONDITION");
      expect((await alice.delete(`${list}/v1`)).status).toBe(200);
      expect(await refusalOf(await alice.get(`${list}/v1`))).toBe("404 NOT_FOUND");
      expect(await refusalOf(await alice.get(child))).toBe("404 NOT_FOUND");
      const left = await digestsIn(await alice.get(`${list}?q=base%3D*`));
      expect(left.sort()).toEqual([other, images.arm64.manifest.digest, images.s390x.manifest.digest].sort());
      expect(await fixture.rooms.audited()).toContain(`delete artifact team/parts@${index}`);
    });
  });
});
