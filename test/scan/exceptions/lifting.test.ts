import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Digest, day, parseRepositoryName } from "../../../src/kernel/index.ts";
import { Pusher, pusher } from "../../api/content.ts";
import { type ApiFixture, type Client, host, openApi } from "../../api/fixture.ts";
import { describeOnEngines, openOnSqlite } from "../../support/engines.ts";
import { descriptor, jsonContent, OCI_INDEX, OCI_MANIFEST } from "../../support/image.ts";
import { Signer } from "../../trust/signer.ts";
import { finding, reportOf } from "../../verdict/fake-reports.ts";
import { csaf, openVex, statementAbout } from "./documents.ts";

describeOnEngines("exceptions of findings", (open) => {
  let fixture: ApiFixture;
  let admin: Client;
  let push: Pusher;
  let name: string;
  let image: Digest;

  beforeAll(async () => {
    fixture = await openApi(open);
    admin = fixture.admin;
    push = new Pusher(fixture.registry);
  });
  beforeEach(async () => {
    fixture.rooms.clock.now = Date.now();
    const project = `p${crypto.randomUUID().slice(0, 8)}`;
    await admin.post("/projects", { project_name: project, metadata: { prevent_vul: "true" } });
    name = `${project}/app`;
    image = (await push.newImage(name, ["v1"])) as Digest;
    await report([finding()]);
    expect(await blocking()).toEqual(["CVE-2026-1000"]);
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const project = () => name.split("/")[0];
  const resolve = (digest: Digest) =>
    fixture.registry.resolver.resolve(parseRepositoryName(name), { kind: "digest", digest });
  const settings = async (change: object) => {
    expect((await admin.put(`/projects/${project()}`, change)).status).toBe(200);
  };
  const report = async (findings: Parameters<typeof reportOf>[0]) => {
    fixture.reports.set((await resolve(image)).manifestId, reportOf(findings));
    await settings({ metadata: { severity: "low" } });
  };
  const verdict = async () => fixture.verdicts.ofPull(parseRepositoryName(name), null, await resolve(image));
  const why = async () => (await verdict()).obstacles.map(({ message }) => message).join(" ");
  /** What still forbids the pull. */
  async function blocking(): Promise<string[]> {
    const { obstacles } = await verdict();
    return obstacles.flatMap((one) =>
      one.kind === "vulnerable" ? one.findings.map(({ id }) => id) : [one.kind],
    );
  }
  const except = async (owner: string, scope: object = {}) => {
    const given = { vulnerability: "CVE-2026-1000", reason: "It does not matter.", ...scope };
    const response = await admin.post(`${owner}/exceptions`, given);
    expect(response.status, await response.clone().text()).toBe(201);
    return `${owner}/exceptions/${response.headers.get("location")?.split("/").pop()}`;
  };
  const takeVex = async (document: object, owner = `/projects/${project()}`) => {
    const response = await admin.post(`${owner}/vex`, document);
    expect(response.status, await response.clone().text()).toBe(201);
    return `${owner}/vex/${response.headers.get("location")?.split("/").pop()}`;
  };
  const ofProject = (scope: object = {}) => except(`/projects/${project()}`, scope);

  describe("lists of CVEs", () => {
    const list = { items: [{ cve_id: "cve-2026-1000" }] };

    test("of the system count for all who have none of their own, until they expire", async () => {
      await admin.put("/system/CVEAllowlist", list);
      expect(await blocking()).toEqual([]);
      await settings({ metadata: { reuse_sys_cve_allowlist: "false" } });
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      await settings({ metadata: { reuse_sys_cve_allowlist: "true" } });
      const expires = Math.floor(fixture.rooms.clock.now / 1000) + 60;
      await admin.put("/system/CVEAllowlist", { ...list, expires_at: expires });
      expect(await blocking()).toEqual([]);
      // By the clock alone: nothing is written.
      fixture.rooms.clock.now = expires * 1000;
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      await admin.put("/system/CVEAllowlist", { items: [] });
    });

    test("of a project count instead of the system's where it says so", async () => {
      await settings({ cve_allowlist: list });
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      await settings({ metadata: { reuse_sys_cve_allowlist: "false" } });
      expect(await blocking()).toEqual([]);
      await settings({ cve_allowlist: { ...list, expires_at: 1 } });
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
    });
  });

  describe("single exceptions", () => {
    test("of a project and of the system, until they are taken back", async () => {
      for (const owner of [`/projects/${project()}`, "/system"]) {
        const path = await except(owner);
        expect(await blocking()).toEqual([]);
        expect((await admin.delete(path)).status).toBe(200);
        expect(await blocking()).toEqual(["CVE-2026-1000"]);
      }
    });

    test("of the system do not count where a project goes its own way, and one project's count in no other", async () => {
      const path = await except("/system");
      await settings({ metadata: { reuse_sys_cve_allowlist: "false" } });
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      await admin.delete(path);
      await admin.post("/projects", { project_name: `other-${project()}` });
      await except(`/projects/other-${project()}`);
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
    });

    test("end at their time, by the clock alone", async () => {
      await ofProject({ expires_at: new Date(fixture.rooms.clock.now + day).toISOString() });
      expect(await blocking()).toEqual([]);
      fixture.rooms.clock.now += day - 1;
      expect(await blocking()).toEqual([]);
      fixture.rooms.clock.now += 1;
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
    });

    test("name a vulnerability by any of its names", async () => {
      await report([finding({ aliases: ["GHSA-aaaa-bbbb-cccc"] })]);
      await ofProject({ vulnerability: "ghsa-aaaa-bbbb-CCCC" });
      expect(await blocking()).toEqual([]);
    });

    test("lift what is in their scope", async () => {
      for (const scope of [
        { package: "openssl" },
        { package: "pkg:deb/debian/openssl" },
        { package: "pkg:deb/debian/openssl@3.0.1?arch=amd64" },
        { repository: name },
        { digest: image },
        { package: "openssl", repository: name, digest: image },
      ]) {
        const path = await ofProject(scope);
        expect([scope, await blocking()]).toEqual([scope, []]);
        await admin.delete(path);
      }
    });

    test("lift nothing outside of their scope", async () => {
      for (const scope of [
        { vulnerability: "CVE-2026-10000" },
        { vulnerability: "CVE-2026-100" },
        { package: "libssl3" },
        { package: "OpenSSL" },
        { package: "pkg:deb/ubuntu/openssl" },
        { package: "pkg:deb/debian/openssl@3.0.2" },
        { package: "pkg:deb/debian/openssl?arch=arm64" },
        { repository: `${name}2` },
        { digest: `sha256:${"1".repeat(64)}` },
        { package: "openssl", repository: `${name}2` },
      ]) {
        const path = await ofProject(scope);
        expect([scope, await blocking()]).toEqual([scope, ["CVE-2026-1000"]]);
        await admin.delete(path);
      }
    });

    test("for one package leave the others of the same source", async () => {
      const place = (name: string) => ({
        ...{ package: name, version: "3.0.1", path: null, layer: null },
        purl: `pkg:deb/debian/${name}@3.0.1`,
      });
      await report([finding({ places: [place("libssl3"), place("openssl")] })]);
      await ofProject({ package: "libssl3" });
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      await ofProject({ package: "pkg:deb/debian/openssl" });
      expect(await blocking()).toEqual([]);
    });

    test("for an index are for what it names", async () => {
      const { content } = await resolve(image);
      const child = { mediaType: OCI_MANIFEST, digest: image, size: content.length };
      const index = jsonContent(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] });
      await ofProject({ digest: await push.manifest(name, index) });
      expect(await blocking()).toEqual([]);
    });
  });

  describe("imported VEX documents", () => {
    const oci = () => `pkg:oci/app@${encodeURIComponent(image)}`;
    const place = () => `pkg:oci/app?repository_url=${host}/${name}`;

    test("count in their project, or where the system's count", async () => {
      const document = openVex([statementAbout("pkg:deb/debian/openssl")]);
      for (const owner of [`/projects/${project()}`, "/system"]) {
        const path = await takeVex(document, owner);
        expect(await blocking()).toEqual([]);
        if (owner === "/system") {
          await settings({ metadata: { reuse_sys_cve_allowlist: "false" } });
          expect(await blocking()).toEqual(["CVE-2026-1000"]);
        }
        await admin.delete(path);
        expect(await blocking()).toEqual(["CVE-2026-1000"]);
      }
    });

    // Which product is meant is no matter of the engine.
    const once = open === openOnSqlite ? test : null;
    once?.each<[string, () => object, boolean]>([
      ["the package", () => statementAbout("pkg:deb/debian/openssl@3.0.1"), true],
      ["another version of it", () => statementAbout("pkg:deb/debian/openssl@3.0.0"), false],
      ["the image", () => statementAbout(oci()), true],
      ["another image", () => statementAbout(`pkg:oci/app@sha256%3A${"1".repeat(64)}`), false],
      ["an image of that name, wherever", () => statementAbout("pkg:oci/app"), false],
      ["the repository", () => statementAbout(place()), true],
      ["a repository elsewhere", () => statementAbout(`pkg:oci/app?repository_url=ghcr.io/${name}`), false],
      ["its tag", () => statementAbout(`${place()}&tag=v1`), true],
      ["another tag", () => statementAbout(`${place()}&tag=v2`), false],
      ["one architecture of it", () => statementAbout(`${place()}&arch=amd64`), false],
      ["another name in its place", () => statementAbout(place().replace("/app?", "/other?")), false],
      ["a part of the image", () => statementAbout(`${place()}#usr/bin`), false],
      [
        "the image, with more than the digest",
        () => statementAbout(`${oci()}?arch=amd64&tag=v2&repository_url=docker.io/library/app`),
        true,
      ],
      ["the image by another name", () => statementAbout(oci().replace("/app@", "/other@")), false],
      ["the package in the image", () => statementAbout(oci(), ["pkg:deb/debian/openssl"]), true],
      ["another package in it", () => statementAbout(oci(), ["pkg:deb/debian/zlib"]), false],
      ["something without purl in it", () => statementAbout(oci(), ["cpe:2.3:a:openssl:openssl"]), false],
      ["a path in the package", () => statementAbout("pkg:deb/debian/openssl#usr/lib"), false],
      [
        "the package from elsewhere",
        () => statementAbout("pkg:deb/debian/openssl?repository_url=https://example.com"),
        false,
      ],
      [
        "a part of a package",
        () => statementAbout("pkg:deb/debian/openssl", ["pkg:deb/debian/openssl"]),
        false,
      ],
      ["what is fixed", () => ({ ...statementAbout(oci()), status: "fixed" }), true],
      ["what is affected", () => ({ ...statementAbout(oci()), status: "affected" }), false],
      ["what is looked into", () => ({ ...statementAbout(oci()), status: "under_investigation" }), false],
      ["another vulnerability", () => ({ ...statementAbout(oci()), vulnerability: "CVE-2026-1" }), false],
      [
        "an alias",
        () => ({ ...statementAbout(oci()), vulnerability: { name: "X-1", aliases: ["CVE-2026-1000"] } }),
        true,
      ],
      [
        "the hash",
        () => ({
          ...statementAbout(oci()),
          products: [{ "@id": "x", hashes: { "sha-256": image.slice(7) } }],
        }),
        true,
      ],
      ["nothing", () => ({ ...statementAbout(oci()), products: [] }), false],
    ])("a statement about %s", async (_, statement, lifts) => {
      await takeVex(openVex([statement()]));
      expect(await blocking()).toEqual(lifts ? [] : ["CVE-2026-1000"]);
    });

    test("that name an architecture of an index do not lift all of it", async () => {
      const child = { mediaType: OCI_MANIFEST, digest: image, size: (await resolve(image)).content.length };
      const index = jsonContent(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] });
      const digest = encodeURIComponent(await push.manifest(name, index, "multi"));
      await takeVex(openVex([statementAbout(`pkg:oci/app@${digest}?arch=s390x`)], { "@id": "arch" }));
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      const path = await takeVex(openVex([statementAbout(`${place()}&tag=multi`)], { "@id": "tag" }));
      expect(await blocking()).toEqual([]);
      await admin.delete(path);
      await takeVex(openVex([statementAbout(`pkg:oci/app@${digest}`)], { "@id": "index" }));
      expect(await blocking()).toEqual([]);
    });

    test("that take a lift back count wherever they may be meant", async () => {
      await takeVex(openVex([statementAbout(oci())], { "@id": "lift" }));
      const later = "2026-02-01T00:00:00Z";
      for (const product of [
        `${place()}&tag=v2`,
        `${place()}&arch=s390x`,
        "pkg:deb/debian/openssl#usr/lib",
        "pkg:deb/debian/openssl?epoch=1",
      ]) {
        expect(await blocking()).toEqual([]);
        const statement = { ...statementAbout(product), status: "affected", timestamp: later };
        const path = await takeVex(openVex([statement], { "@id": "back" }));
        expect([product, await blocking()]).toEqual([product, ["CVE-2026-1000"]]);
        await admin.delete(path);
      }
    });

    test("go by what was said last, and by the worse of what was said at once", async () => {
      const denied = statementAbout(oci());
      await takeVex(openVex([{ ...denied, timestamp: "2026-02-01T00:00:00Z" }], { "@id": "a" }));
      expect(await blocking()).toEqual([]);
      const affected = { ...denied, status: "affected" };
      const path = await takeVex(
        openVex([{ ...affected, timestamp: "2026-03-01T00:00:00Z" }], { "@id": "b" }),
      );
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      await admin.delete(path);
      await takeVex(openVex([{ ...affected, timestamp: "2026-02-01T00:00:00Z" }], { "@id": "c" }));
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      await takeVex(openVex([{ ...denied, timestamp: "2026-04-01T00:00:00Z" }], { "@id": "d" }));
      expect(await blocking()).toEqual([]);
    });

    test("of CSAF count alike, also by relationships", async () => {
      const path = await takeVex(csaf({ known_not_affected: ["image"] }, oci()));
      expect(await blocking()).toEqual([]);
      await admin.delete(path);
      const part = await takeVex(csaf({ fixed: ["image:openssl"] }, oci()));
      expect(await blocking()).toEqual([]);
      await admin.delete(part);
      for (const status of [
        { known_not_affected: ["image:zlib"] },
        { known_affected: ["image"] },
        { fixed: ["?"] },
      ]) {
        const other = await takeVex(csaf(status, oci()));
        expect([status, await blocking()]).toEqual([status, ["CVE-2026-1000"]]);
        await admin.delete(other);
      }
    });
  });

  describe("attached VEX documents", () => {
    const trust = (vex_trusted: string) => settings({ metadata: { vex_trusted } });
    const statement = () => statementAbout(`pkg:oci/app@${encodeURIComponent(image)}`);

    /** Pushes a document beside the image, or beside another subject. */
    async function attach(json: object, mediaType = "application/vnd.openvex+json", subject: string = image) {
      const layer = jsonContent(mediaType, json);
      const config = jsonContent("application/vnd.oci.empty.v1+json", {});
      const manifest = jsonContent(OCI_MANIFEST, {
        ...{ schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: mediaType },
        config: descriptor(config),
        layers: [descriptor(layer)],
        subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 },
      });
      return push.image(name, { layers: [layer], config, manifest });
    }

    test("count when the project trusts who pushed them, and nobody at first", async () => {
      await attach(openVex([statement()]));
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      for (const [trusted, lifts] of [
        ["user:mallory", false],
        [`robot:${pusher.name}`, false],
        [`user:mallory,user:${pusher.name}`, true],
        ["signed", false],
        ["", false],
      ] as const) {
        await trust(trusted);
        expect([trusted, await blocking()]).toEqual([trusted, lifts ? [] : ["CVE-2026-1000"]]);
      }
    });

    test("count when they are signed as the project demands", async () => {
      const digest = await attach(openVex([statement()]));
      await trust("signed");
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      const signer = await Signer.create(fixture.trust, `${host}/${name}`);
      await signer.sign({ vex: digest });
      expect(await blocking()).toEqual([]);
      await settings({ metadata: { content_trust_signers: "targets/security" } });
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
    });

    const affected = (change: object = {}) => openVex([{ ...statement(), status: "affected" }], change);
    /** Referrers that hold nothing. */
    const attachEmpty = (count: number) =>
      Promise.all(Array.from({ length: count }, () => push.referrer(name, image, "application/x-empty")));

    test("that are signed are not drowned by what others attach", async () => {
      await takeVex(openVex([statement()]));
      await trust("signed");
      const signer = await Signer.create(fixture.trust, `${host}/${name}`);
      const later = { "@id": "later", timestamp: "2026-02-01T00:00:00Z" };
      await signer.sign({ vex: await attach(affected(later)) });
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      // More than are looked at at once; on one engine, for the time that it takes.
      await attachEmpty(open === openOnSqlite ? 501 : 100);
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      const last = { "@id": "last", timestamp: "2026-03-01T00:00:00Z" };
      await signer.sign({ vex: await attach(openVex([statement()], last)) });
      await attachEmpty(100);
      expect(await blocking()).toEqual([]);
    });

    test("lift nothing where there are too many that count to be read", async () => {
      await takeVex(openVex([statement()]));
      await trust(`user:${pusher.name}`);
      await attach(affected({ "@id": "later", timestamp: "2026-02-01T00:00:00Z" }));
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      expect(await why()).not.toContain("No VEX document counts");
      await attachEmpty(100);
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      expect(await why()).toContain("No VEX document counts");
      await trust("user:mallory");
      expect(await blocking()).toEqual([]);
    });

    // How many indexes there may be is no matter of the engine.
    const once = open === openOnSqlite ? test : null;
    once?.("of an index count, however many others name the image", async () => {
      await takeVex(openVex([statement()]));
      await trust(`user:${pusher.name}`);
      const child = { mediaType: OCI_MANIFEST, digest: image, size: (await resolve(image)).content.length };
      const around = (at: number) =>
        push.manifest(
          name,
          jsonContent(OCI_INDEX, {
            ...{ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] },
            annotations: { at: `${at}` },
          }),
        );
      const indexes = await Promise.all(Array.from({ length: 401 }, (_, at) => around(at)));
      expect(await blocking()).toEqual([]);
      const later = affected({ timestamp: "2026-02-01T00:00:00Z" });
      await attach(later, undefined, indexes.sort()[200]);
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
    });

    test("stay the word of those who pushed them when somebody else copies the image", async () => {
      const from = name;
      await attach(openVex([statement()]));
      await admin.post("/projects", { project_name: `copy-${project()}`, metadata: { prevent_vul: "true" } });
      await except(`/projects/${project()}`);
      name = `copy-${project()}/app`;
      const path = `/projects/${project()}/repositories/app/artifacts?from=${encodeURIComponent(`${from}:v1`)}`;
      expect((await admin.post(path, {})).status).toBe(201);
      await report([finding()]);
      await trust("user:admin");
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      await trust(`user:${pusher.name}`);
      expect(await blocking()).toEqual([]);
    });

    test("as attestations are about what they name, or what they are of", async () => {
      await trust(`user:${pusher.name}`);
      const { products: _, ...without } = statement() as { products?: unknown };
      const attestation = (digest: string, predicateType = "https://openvex.dev/ns/v0.2.0") => ({
        _type: "https://in-toto.io/Statement/v1",
        ...{ predicateType, subject: [{ name: "app", digest: { sha256: digest.slice(7) } }] },
        predicate: openVex([without]),
      });
      const sealed = (json: object) => ({
        payloadType: "application/vnd.in-toto+json",
        payload: Buffer.from(JSON.stringify(json)).toString("base64"),
        signatures: [],
      });
      const inToto = "application/vnd.in-toto+json";
      const dsse = "application/vnd.dsse.envelope.v1+json";
      const bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
      const other = `sha256:${"1".repeat(64)}`;
      for (const [json, type, lifts] of [
        [attestation(other), inToto, false],
        [attestation(image, "https://slsa.dev/provenance/v1"), inToto, false],
        [sealed({ payload: 1 }), dsse, false],
        [attestation(image), inToto, true],
        [sealed(attestation(image)), dsse, true],
        [{ dsseEnvelope: sealed(attestation(image)) }, bundle, true],
      ] as const) {
        const digest = (await attach(json, type)) as Digest;
        expect([type, lifts, await blocking()]).toEqual([type, lifts, lifts ? [] : ["CVE-2026-1000"]]);
        await fixture.registry.manifests.delete(pusher, parseRepositoryName(name), digest);
      }
    });

    test("that cannot be read, or are attached to something else, change nothing", async () => {
      await trust(`user:${pusher.name}`);
      await attach({ nothing: true });
      await attach([1, 2] as unknown as object);
      await attach(openVex([statement()]), "application/octet-stream");
      await attach(openVex([statement()]), undefined, `sha256:${"2".repeat(64)}`);
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      await attach(
        csaf({ fixed: ["image"] }, `pkg:oci/app@${encodeURIComponent(image)}`),
        "application/csaf+json",
      );
      expect(await blocking()).toEqual([]);
    });

    test("give way to a newer one of their author under the same name", async () => {
      await trust(`user:${pusher.name}`);
      await attach(openVex([statement()]));
      expect(await blocking()).toEqual([]);
      await attach(openVex([], { version: 2 }));
      expect(await blocking()).toEqual(["CVE-2026-1000"]);
      await attach(openVex([statement()], { version: 10 }));
      expect(await blocking()).toEqual([]);
    });
  });
});
