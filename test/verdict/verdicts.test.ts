import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Digest, day, parseRepositoryName } from "../../src/kernel/index.ts";
import { layersAboutImages } from "../../src/registry/layers-about-images.ts";
import { canonicalKeyId } from "../../src/trust/tuf/keys.ts";
import { Verdicts } from "../../src/verdict/index.ts";
import { Pusher } from "../api/content.ts";
import { type ApiFixture, host, openApi } from "../api/fixture.ts";
import { describeOnEngines, openOnSqlite, type TestDatabase } from "../support/engines.ts";
import { descriptor, jsonContent, makeImage, OCI_INDEX } from "../support/image.ts";
import { ecdsaKey } from "../trust/author.ts";
import { Signer } from "../trust/signer.ts";

describeOnEngines("verdicts", (open) => {
  let fixture: ApiFixture;
  let database: TestDatabase;
  let push: Pusher;
  let name: string;
  let signer: Signer;

  beforeAll(async () => {
    database = await open();
    fixture = await openApi(async () => database);
    push = new Pusher(fixture.registry);
    await fixture.admin.post("/projects", { project_name: "strict" });
  });
  beforeEach(async () => {
    fixture.rooms.clock.now = Date.now();
    name = `strict/${crypto.randomUUID().slice(0, 8)}`;
    signer = await Signer.create(fixture.trust, `${host}/${name}`);
    await policy({ enable_content_trust: "true", content_trust_signers: "" });
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const policy = async (metadata: Record<string, string>) => {
    expect((await fixture.admin.put("/projects/strict", { metadata })).status).toBe(200);
  };

  /** The kinds of obstacles to a pull; the portal must be told of the same. */
  async function obstacles(reference: string, verdicts = fixture.verdicts): Promise<string[]> {
    const repository = parseRepositoryName(name);
    const isDigest = reference.includes(":");
    const manifest = await fixture.registry.resolver.resolve(
      repository,
      isDigest ? { kind: "digest", digest: reference as Digest } : { kind: "tag", tag: reference },
    );
    const verdict = await verdicts.ofPull(repository, isDigest ? null : reference, manifest);
    const { manifestId: id, repositoryId, projectId, digest } = manifest;
    const shown = await verdicts.ofArtifact(
      { id: repositoryId, projectId, name },
      { id, digest, tags: isDigest ? [] : [{ name: reference }] },
    );
    expect((isDigest ? shown : shown.tags.get(reference))?.verdict).toEqual(verdict);
    return verdict.obstacles.map(({ kind }) => kind);
  }

  test("by tag, by digest, and of what a tag was pushed over with", async () => {
    const good = await push.newImage(name, ["v1", "v2"]);
    await signer.sign({ v1: good });
    expect(await obstacles("v1")).toEqual([]);
    expect(await obstacles("v2")).toEqual(["unsigned"]);
    expect(await obstacles(good)).toEqual([]);
    const evil = await push.newImage(name, ["v1"]);
    expect(await obstacles("v1")).toEqual(["tampered"]);
    expect(await obstacles(evil)).toEqual(["unsigned"]);
    expect(await obstacles(good)).toEqual([]);
  });

  test("once the signatures have ended, also by digest", async () => {
    const digest = await push.newImage(name, ["v1"]);
    await signer.sign({ v1: digest }, { expires: new Date(Date.now() + day).toISOString() });
    fixture.rooms.clock.now += 2 * day;
    expect(await obstacles("v1")).toEqual(["expired"]);
    expect(await obstacles(digest)).toEqual(["expired"]);
  });

  describe("of what indexes name", () => {
    /** An index around each of the manifests, and pushes it. */
    const around = (...children: { mediaType: string; digest: string; size: number }[]) => {
      const index = jsonContent(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: children });
      return push.manifest(name, index).then(() => descriptor(index));
    };

    test("is good four indexes deep, and no deeper", async () => {
      const image = await makeImage();
      await push.image(name, image);
      const levels = [descriptor(image.manifest)];
      for (let depth = 0; depth < 5; depth++) levels.push(await around(...levels.slice(-1)));
      await signer.sign({ v1: levels[4]?.digest ?? "" });
      for (const { digest } of levels.slice(0, 5)) expect(await obstacles(digest)).toEqual([]);
      expect(await obstacles(levels[5]?.digest ?? "")).toEqual(["unsigned"]);
      await signer.sign({ v1: levels[5]?.digest ?? "" });
      expect(await obstacles(image.manifest.digest)).toEqual(["unsigned"]);
    });

    test("is good in whichever of its indexes it is signed, by all who have signed those", async () => {
      const images = [await makeImage(), await makeImage()];
      for (const image of images) await push.image(name, image);
      const [shared, other] = images.map(({ manifest }) => descriptor(manifest));
      if (shared === undefined || other === undefined) throw new Error("no images");
      const [none, one, two] = [
        await around(shared),
        await around(other, shared),
        await around(shared, other),
      ];
      signer.delegate("targets/releases");
      const expires = new Date(Date.now() + day).toISOString();
      await signer.sign({ one: one.digest });
      await signer.signAs("targets/releases", { two: two.digest }, expires);
      expect(await obstacles(shared.digest)).toEqual([]);
      expect(await obstacles(none.digest)).toEqual(["unsigned"]);
      await policy({ content_trust_signers: "targets,targets/releases" });
      expect(await obstacles(shared.digest)).toEqual([]);
      expect(await obstacles(one.digest)).toEqual(["signer-missing"]);
      // The one has ended, the other has not.
      await policy({ content_trust_signers: "" });
      fixture.rooms.clock.now += 2 * day;
      expect(await obstacles(two.digest)).toEqual(["expired"]);
      expect(await obstacles(shared.digest)).toEqual([]);
    });
  });

  test("demand the keys that have signed, not those that may", async () => {
    const lent = ecdsaKey().public;
    const used = signer.delegate("targets/releases", lent);
    const digest = await push.newImage(name, ["v1"]);
    await signer.sign({});
    await signer.signAs("targets/releases", { v1: digest });
    await policy({ content_trust_signers: canonicalKeyId(used.public) });
    expect([await obstacles("v1"), await obstacles(digest)]).toEqual([[], []]);
    await policy({ content_trust_signers: `targets/releases,${canonicalKeyId(lent)}` });
    expect([await obstacles("v1"), await obstacles(digest)]).toEqual([
      ["signer-missing"],
      ["signer-missing"],
    ]);
  });

  test("take a policy that another process has changed into account at the next request", async () => {
    await push.newImage(name, ["v1"]);
    await policy({ enable_content_trust: "false" });
    const verdicts = new Verdicts({
      ...{ database: await database.another(), objects: fixture.objects, trust: fixture.trust },
      scan: { reports: fixture.reports, lifting: fixture.exceptions.lifting },
      clock: () => fixture.rooms.clock.now,
    });
    expect(await obstacles("v1", verdicts)).toEqual([]);
    await policy({ enable_content_trust: "true" });
    expect(await obstacles("v1", verdicts)).toEqual(["unsigned"]);
    await policy({ enable_content_trust: "false" });
    expect(await obstacles("v1", verdicts)).toEqual([]);
  });
});

describe("what is said to be about an image", () => {
  const statement = {
    mediaType: "application/vnd.in-toto+json",
    digest: `sha256:${"1".repeat(64)}`,
    size: 2,
  };
  const layer = { ...statement, mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" };
  const about = (manifest: object) => layersAboutImages(Buffer.from(JSON.stringify(manifest)));

  test("goes by all layers, and by nothing else", () => {
    expect(about({ layers: [statement, statement] })).toEqual([
      statement.digest,
      statement.digest,
    ] as Digest[]);
    const subject = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: layer.digest,
      size: 1,
    };
    const config = {
      mediaType: "application/vnd.dev.cosign.artifact.sig.v1+json",
      digest: layer.digest,
      size: 1,
    };
    const artifactType = "application/vnd.in-toto+json";
    for (const manifest of [
      { layers: [layer], subject },
      { layers: [layer], config, artifactType },
      { layers: [layer], annotations: { "dev.cosignproject.cosign/signature": "x" } },
      { layers: [statement, layer] },
      { layers: [] },
      { manifests: [statement] },
      { layers: [{ ...statement, mediaType: "application/vnd.in-toto+json; x=.tar" }] },
      { layers: [{ ...statement, mediaType: "APPLICATION/VND.IN-TOTO+JSON" }] },
      { layers: Array(257).fill(statement) },
    ]) {
      expect(about(manifest)).toBeNull();
    }
  });

  test("is exempt only where its bytes are no archive", async () => {
    await using fixture = await openApi(openOnSqlite);
    fixture.rooms.clock.now = Date.now();
    const push = new Pusher(fixture.registry);
    await fixture.admin.post("/projects", { project_name: "p", metadata: { enable_content_trust: "true" } });
    const disguised = await makeImage({ layers: 1 });
    const json = JSON.parse(Buffer.from(disguised.manifest.bytes).toString());
    json.layers[0].mediaType = statement.mediaType;
    const manifest = jsonContent(disguised.manifest.mediaType, json);
    const digest = await push.image("p/app", { ...disguised, manifest }, "v1");
    const body = await (await fixture.admin.get(`/projects/p/repositories/app/artifacts/${digest}`)).json();
    expect(body).toMatchObject({ verdict: { allowed: false, obstacles: [{ kind: "unsigned" }] } });
  });
});
