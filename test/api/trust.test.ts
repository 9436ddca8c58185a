import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Digest, day, parseRepositoryName } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { makeImage, makeIndex } from "../support/image.ts";
import { Signer } from "../trust/signer.ts";
import { bodies, bodyIn, Pusher } from "./content.ts";
import { type ApiFixture, type Client, host, openApi, refusalOf } from "./fixture.ts";

interface TrustBody {
  readonly status: string;
  readonly gun?: string;
  readonly digest?: string;
  readonly signers?: readonly { role: string; keys: readonly string[]; published_at: string }[];
  readonly until?: string;
  readonly reason?: string;
  readonly warnings?: readonly string[];
}
interface VerdictBody {
  readonly allowed: boolean;
  readonly obstacles: readonly { kind: string; message: string }[];
}
interface TagBody {
  readonly name: string;
  readonly signed: boolean;
  readonly trust: TrustBody;
  readonly verdict?: VerdictBody;
}
interface Body {
  readonly digest: string;
  readonly signed: boolean;
  readonly trust: TrustBody;
  readonly verdict: VerdictBody;
  readonly tags: readonly TagBody[] | null;
}

describeOnEngines("the API: content trust", (open) => {
  let fixture: ApiFixture;
  let push: Pusher;
  let alice: Client;
  let bob: Client;
  let repository: string;
  let signer: Signer;

  beforeAll(async () => {
    fixture = await openApi(open);
    push = new Pusher(fixture.registry);
    alice = await fixture.user("alice");
    bob = await fixture.user("bob");
    await alice.post("/projects", { project_name: "team" });
    await alice.post("/projects", {
      project_name: "strict",
      metadata: { enable_content_trust: "true", public: "true" },
    });
    await alice.post("/projects/strict/members", { role_id: 4, member_user: { username: "bob" } });
  });
  beforeEach(async () => {
    fixture.rooms.clock.now = Date.now();
    await use("team");
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  async function use(project: string): Promise<void> {
    repository = `${project}/${crypto.randomUUID().slice(0, 8)}`;
    signer = await Signer.create(fixture.trust, `${host}/${repository}`);
  }
  const path = () => `/projects/${repository.replace("/", "/repositories/")}/artifacts`;
  const list = async (query = "") => bodies<Body>(await alice.get(`${path()}${query}`));
  const get = async (reference: string) => bodyIn<Body>(await alice.get(`${path()}/${reference}`));
  const tagsOf = async (reference: string) => bodies<TagBody>(await alice.get(`${path()}/${reference}/tags`));
  const statuses = (tags: readonly TagBody[] | null) =>
    Object.fromEntries((tags ?? []).map(({ name, signed, trust }) => [name, [signed, trust.status]]));

  describe("the status", () => {
    test("is unsigned where nobody signs", async () => {
      await push.newImage(repository, ["v1"]);
      const [body] = await list();
      expect(body).toMatchObject({ signed: false, trust: { status: "unsigned" } });
      expect(body?.verdict).toEqual({ allowed: true, obstacles: [] });
      expect(statuses(body?.tags ?? [])).toEqual({ v1: [false, "unsigned"] });
    });

    test("is signed: by whom, with which keys, until when, on artifacts and on tags", async () => {
      const digest = await push.newImage(repository, ["v1", "v2"]);
      await signer.sign({ v1: digest });
      const body = await get("v1");
      const key = signer.author.targetsKey.public.id;
      expect(body.signed).toBe(true);
      expect(body.trust).toMatchObject({
        status: "signed",
        gun: signer.gun,
        digest,
        signers: [{ role: "targets", keys: [key] }],
      });
      expect(Date.parse(body.trust.until ?? "")).toBeGreaterThan(Date.now() + 360 * day);
      expect(body.trust.warnings).toBeUndefined();
      expect(await list()).toEqual([body]);
      expect(await get(digest)).toEqual(body);
      expect(statuses(body.tags)).toEqual({ v1: [true, "signed"], v2: [false, "unsigned"] });
      const tags = await tagsOf("v1");
      expect(statuses(tags)).toEqual(statuses(body.tags));
      expect(tags.find(({ name }) => name === "v1")?.trust).toEqual(body.trust);
      const [inProject] = await bodies<Body>(
        await alice.get(`/projects/team/artifacts?q=digest=${digest}&with_signature=true`),
      );
      expect(inProject).toEqual(body);
      const [without] = await list("?with_tag=false");
      expect(without).toEqual({ ...body, tags: null });
    });

    test("is tampered once a signed tag points to something else, on the tag and what it points to", async () => {
      const good = await push.newImage(repository, ["v1"]);
      await signer.sign({ v1: good });
      const evil = await push.newImage(repository, ["v1"]);
      const body = await get("v1");
      expect(body).toMatchObject({
        digest: evil,
        signed: false,
        trust: { status: "tampered", digest: good },
      });
      expect(statuses(body.tags)).toEqual({ v1: [false, "tampered"] });
      expect((await list("?with_tag=false")).map(({ trust }) => trust.status)).toEqual([
        "tampered",
        "signed",
      ]);
    });

    test("is expired when the signatures have ended, and warns of it before", async () => {
      const digest = await push.newImage(repository, ["v1"]);
      const expires = new Date(Date.now() + 40 * day).toISOString();
      await signer.sign({ v1: digest }, { expires });
      expect((await get("v1")).trust.warnings).toBeUndefined();
      fixture.rooms.clock.now += 11 * day;
      expect((await get("v1")).trust.warnings).toEqual([
        `The signatures end at ${expires}. Sign it anew before that.`,
      ]);
      fixture.rooms.clock.now += 30 * day;
      expect((await get("v1")).trust).toMatchObject({ status: "expired", until: expires });
    });

    test("holds for the parts of a signed index, also when they are asked for by digest", async () => {
      const images = { amd64: await makeImage(), arm64: await makeImage() };
      for (const image of Object.values(images)) await push.image(repository, image);
      const index = await push.manifest(repository, makeIndex(images), "v1");
      await signer.sign({ v1: index });
      const all = await list("?q=base%3D*");
      expect(all.map(({ trust }) => [trust.status, trust.digest])).toEqual(Array(3).fill(["signed", index]));
    });

    test("of a page costs as many queries as of one, however many tags the repository has", async () => {
      const digests = [];
      for (let i = 0; i < 12; i++) digests.push(await push.newImage(repository, [`v${i}`]));
      await signer.sign(Object.fromEntries(digests.map((digest, i) => [`v${i}`, digest])));
      const page = await list("?page_size=100");
      expect(page.map(({ signed }) => signed)).toEqual(Array(12).fill(true));
    });
  });

  describe("the verdict", () => {
    beforeEach(() => use("strict"));

    test("says what a pull is told, of the artifact and of each tag", async () => {
      const digest = await push.newImage(repository, ["v1", "v2"]);
      const name = parseRepositoryName(repository);
      const body = await get("v1");
      const manifest = await fixture.registry.resolver.resolve(name, {
        kind: "digest",
        digest: digest as Digest,
      });
      expect(await fixture.verdicts.ofPull(name, null, manifest)).toMatchObject(body.verdict);
      expect(body.verdict.obstacles[0]?.message).toContain(`Nobody has signed ${name}@${digest}.`);
      await signer.sign({ v1: digest });
      const tags = new Map((await tagsOf("v1")).map((tag) => [tag.name, tag.verdict]));
      for (const tag of ["v1", "v2"]) {
        const verdict = await fixture.verdicts.ofPull(name, tag, manifest);
        expect([tag, verdict]).toMatchObject([tag, tags.get(tag) ?? {}]);
      }
      expect([tags.get("v1")?.allowed, tags.get("v2")?.allowed]).toEqual([true, false]);
      expect((await get("v2")).verdict.allowed).toBe(true);
    });

    test("leaves alone what only says something of an image", async () => {
      const image = await push.newImage(repository, ["v1"]);
      const statement = new TextEncoder().encode("{}");
      const layer = { mediaType: "application/vnd.in-toto+json", size: 2 };
      await push.blob(repository, { bytes: statement, digest: sha256(statement) });
      const sbom = await push.withConfig(repository, "application/vnd.oci.empty.v1+json", statement, {
        layers: [{ ...layer, digest: sha256(statement) }],
        subject: { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: image, size: 1 },
      });
      expect((await get(sbom)).verdict.allowed).toBe(true);
      expect((await get(image)).verdict.allowed).toBe(false);
    });
  });

  describe("the policy", () => {
    const metadata = async (project: string) =>
      (await bodyIn<{ metadata: Record<string, string> }>(await alice.get(`/projects/${project}`))).metadata;

    test("is a project admin's to set, as a whole and one by one", async () => {
      await alice.post("/projects", { project_name: "policy" });
      await alice.post("/projects/policy/members", { role_id: 4, member_user: { username: "bob" } });
      const wanted = { enable_content_trust: "true", content_trust_signers: "targets/releases, targets" };
      expect(await refusalOf(await bob.put("/projects/policy", { metadata: wanted }))).toBe("403 FORBIDDEN");
      expect(
        await refusalOf(await bob.post("/projects/policy/metadatas/", { enable_content_trust: "true" })),
      ).toBe("403 FORBIDDEN");
      expect((await alice.put("/projects/policy", { metadata: wanted })).status).toBe(200);
      expect(await metadata("policy")).toMatchObject({
        enable_content_trust: "true",
        content_trust_signers: "targets/releases,targets",
      });
      const one = "/projects/policy/metadatas/content_trust_signers";
      expect((await alice.put(one, { content_trust_signers: "targets/alice" })).status).toBe(200);
      expect(await refusalOf(await alice.put(one, {}))).toBe("400 BAD_REQUEST");
      expect((await metadata("policy")).content_trust_signers).toBe("targets/alice");
      // Empty for any valid signature, where clients send the whole of it.
      const none = { metadata: { content_trust_signers: "" } };
      expect((await alice.put("/projects/policy", none)).status).toBe(200);
      expect((await metadata("policy")).content_trust_signers).toBe("");
    });

    test.each([
      ["enable_content_trust", "maybe", "expected true or false"],
      ["content_trust_signers", "alice", "roles such as targets/releases"],
      ["content_trust_signers", "targets,", "key ids of 64 hexadecimal digits"],
      [
        "content_trust_signers",
        Array(51)
          .fill(0)
          .map((_, i) => `targets/r${i}`)
          .join(","),
        "at most 50",
      ],
    ])("%s = %s is refused with a sentence", async (name, value, sentence) => {
      const responses = [
        await alice.put("/projects/team", { metadata: { [name]: value } }),
        await alice.post("/projects", { project_name: "never", metadata: { [name]: value } }),
        await alice.post("/projects/team/metadatas/", { [name]: value }),
      ];
      for (const response of responses) {
        expect(response.status).toBe(400);
        expect(await response.text()).toContain(sentence);
      }
    });
  });

  describe("warnings", () => {
    test("tell whoever may see the repository that its metadata will expire", async () => {
      await push.newImage(repository, ["v1"]);
      const soon = new Date(Date.now() + 20 * day).toISOString();
      await signer.sign({}, { expires: soon, rootExpires: new Date(Date.now() + 29 * day).toISOString() });
      await fixture.trust.watch.work();
      const expected = [
        { gun: signer.gun, repository_name: repository, role: "targets", expires_at: soon },
        { gun: signer.gun, repository_name: repository, role: "root" },
      ];
      const ofRepository = async (client: Client) =>
        (await bodies<{ repository_name: string }>(await client.get("/trust/warnings?page_size=100"))).filter(
          ({ repository_name }) => repository_name === repository,
        );
      expect(await ofRepository(alice)).toMatchObject(expected);
      expect(await ofRepository(fixture.admin)).toMatchObject(expected);
      expect(await ofRepository(bob)).toEqual([]);
      expect(await refusalOf(await fixture.anonymous.get("/trust/warnings"))).toBe("401 UNAUTHORIZED");
      const one = path().replace("/artifacts", "");
      const body = await bodyIn<{ name: string; trust?: object }>(await alice.get(one));
      expect(body.trust).toMatchObject({ warnings: expected });
      const listed = await bodies<{ name: string; trust?: object }>(
        await alice.get(`/projects/team/repositories?page_size=100`),
      );
      expect(listed.filter(({ trust }) => trust !== undefined)).toContainEqual(body);
    });
  });

  test("what was signed in a project goes with it: another of its name begins anew", async () => {
    const path = "/projects/passing";
    await alice.post("/projects", { project_name: "passing" });
    const name = "passing/app";
    const old = await Signer.create(fixture.trust, `${host}/${name}`);
    const digest = await push.newImage(name, ["1.0"]);
    await old.sign({ "1.0": digest });
    await alice.delete(`${path}/repositories/app`);
    expect(await fixture.trust.overview.published(name)).toHaveLength(1);
    expect((await alice.delete(path)).status).toBe(200);
    expect(await fixture.trust.overview.published(name)).toEqual([]);

    await bob.post("/projects", { project_name: "passing", metadata: { enable_content_trust: "true" } });
    const signer = await Signer.create(fixture.trust, `${host}/${name}`);
    const image = await push.newImage(name, ["1.0"]);
    await signer.sign({ "1.0": image });
    expect(await fixture.trust.overview.published(name)).toHaveLength(1);
    const [status] = await fixture.trust.statuses.of(name, [{ tag: "1.0", digest: image }]);
    expect(status?.state).toBe("signed");
  });
});

function sha256(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
}
