import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { packageOf } from "../scan/sbom/packages.ts";
import { describeOnEngines } from "../support/engines.ts";
import { jsonContent, makeImage, OCI_INDEX, OCI_MANIFEST } from "../support/image.ts";
import { bodies, Pusher } from "./content.ts";
import { type ApiFixture, type Client, openApi, refusalOf } from "./fixture.ts";

const repository = "team/deep/app";
const artifacts = "/projects/team/repositories/deep%252Fapp/artifacts";
const spdx = { spdxVersion: "SPDX-2.3", name: "by hand" };
const cyclonedx = { bomFormat: "CycloneDX", specVersion: "1.5" };
const statement = (predicateType: string, predicate: object) => ({
  _type: "https://in-toto.io/Statement/v0.1",
  predicateType,
  subject: [],
  predicate,
});
const dsse = (payload: object) => ({
  payloadType: "application/vnd.in-toto+json",
  payload: Buffer.from(JSON.stringify(payload)).toString("base64"),
  signatures: [],
});

interface Listed {
  readonly format: string;
  readonly media_type: string;
  readonly origin: string;
  readonly attested: boolean;
  readonly artifact_digest: string;
  readonly href: string;
}

describeOnEngines("the API: SBOMs", (open) => {
  let fixture: ApiFixture;
  let alice: Client;
  let push: Pusher;
  let digest: string;

  beforeAll(async () => {
    fixture = await openApi(open);
    alice = await fixture.user("alice");
    await alice.post("/projects", { project_name: "team", metadata: { public: "false" } });
    push = new Pusher(fixture.registry);
    digest = await push.newImage(repository, ["v1"]);
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  /** Pushes an artifact that has these documents as its layers. */
  async function hold(
    layers: readonly { readonly type: string; readonly json: object; readonly annotations?: object }[],
    extra: object = {},
    ...tags: string[]
  ): Promise<string> {
    const config = jsonContent("application/vnd.oci.empty.v1+json", {});
    const contents = layers.map(({ type, json }) => jsonContent(type, json));
    for (const content of [config, ...contents]) await push.blob(repository, content);
    const described = (one: typeof config) => ({
      mediaType: one.mediaType,
      digest: one.digest,
      size: one.size,
    });
    const manifest = jsonContent(OCI_MANIFEST, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: described(config),
      layers: contents.map((one, i) => ({ ...described(one), annotations: layers[i]?.annotations ?? {} })),
      ...extra,
    });
    return push.manifest(repository, manifest, ...tags);
  }
  const about = (subject: string) => ({ subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 } });
  const list = async (reference: string) =>
    bodies<Listed>(await alice.get(`${artifacts}/${reference}/sboms`));
  const shown = async ({ href }: Listed) => {
    const response = await alice.get(href.replace("/api/v2.0", ""));
    expect(response.status).toBe(200);
    return { type: response.headers.get("content-type"), json: (await response.json()) as unknown };
  };

  describe("of what is inside an image", () => {
    test("there is none before somebody has looked", async () => {
      expect(await list("v1")).toEqual([]);
      expect(await refusalOf(await alice.get(`${artifacts}/v1/additions/sbom`))).toBe("412 PRECONDITION");
    });

    test("come in both formats, the same bytes each time", async () => {
      const { id } = await fixture.registry.artifacts.find(repository, digest);
      fixture.inventories.set(id, {
        distribution: null,
        packages: [packageOf({ name: "openssl" })],
        failures: [],
      });
      await fixture.rooms.database.write((tx) =>
        tx
          .insertInto("image_scan")
          .values({
            manifest_id: id,
            state: "done",
            requested_at: 1,
            attempts: 0,
            inventoried_at: Date.UTC(2026, 0, 2),
          })
          .execute(),
      );
      const listed = await list("v1");
      expect(listed.map(({ format, origin }) => [format, origin])).toEqual([
        ["spdx", "scan"],
        ["cyclonedx", "scan"],
      ]);
      const documents = await Promise.all(listed.map(shown));
      expect(documents).toMatchObject([
        { type: "application/spdx+json", json: { spdxVersion: "SPDX-2.3", name: `${repository}@${digest}` } },
        { type: "application/vnd.cyclonedx+json", json: { components: [{ name: "openssl" }] } },
      ]);
      expect(await Promise.all(listed.map(shown))).toEqual(documents);
      const accept = { accept: "application/vnd.cyclonedx+json" };
      const byHeader = await alice.get(`${artifacts}/v1/additions/sbom`, accept);
      expect(await byHeader.json()).toEqual(documents[1]?.json);
      const plain = await alice.get(`${artifacts}/v1/additions/sbom`);
      expect(await plain.json()).toEqual(documents[0]?.json);
    });
  });

  describe("that were pushed", () => {
    test("are found as referrers, under cosign's tags and in BuildKit's indexes, and shown without their wrapping", async () => {
      const image = await makeImage({ layers: 1, layerSize: 10 });
      const subject = await push.image(repository, image);
      await hold([{ type: "application/spdx+json", json: spdx }], {
        ...about(subject),
        artifactType: "application/spdx+json",
      });
      await hold([{ type: "application/vnd.cyclonedx+json", json: cyclonedx }], about(subject));
      const cosign = { predicateType: "https://cyclonedx.org/bom" };
      const envelope = dsse(statement(cosign.predicateType, cyclonedx));
      const type = "application/vnd.dsse.envelope.v1+json";
      await hold([{ type, json: envelope, annotations: cosign }], {}, `${subject.replace(":", "-")}.att`);
      const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
      const bundle = { dsseEnvelope: dsse(statement("https://spdx.dev/Document/v2.3", spdx)) };
      const named = {
        annotations: { "dev.sigstore.bundle.predicateType": "https://spdx.dev/Document/v2.3" },
      };
      await hold([{ type: bundleType, json: bundle }], { ...about(subject), ...named });
      const buildkit = await hold([
        {
          type: "application/vnd.in-toto+json",
          json: statement("https://spdx.dev/Document", spdx),
          annotations: { "in-toto.io/predicate-type": "https://spdx.dev/Document" },
        },
        {
          type: "application/vnd.in-toto+json",
          json: statement("https://slsa.dev/provenance/v0.2", {}),
          annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" },
        },
      ]);
      // A signature, which is no SBOM.
      await hold([{ type: "application/vnd.dev.cosign.simplesigning.v1+json", json: {} }], about(subject));
      const entry = { mediaType: OCI_MANIFEST, size: 1 };
      const reference = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": subject,
      };
      const index = jsonContent(OCI_INDEX, {
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: [
          { ...entry, digest: subject },
          { ...entry, digest: buildkit, annotations: reference },
        ],
      });
      await push.manifest(repository, index, "multi");

      const listed = await list(subject);
      expect(listed.map(({ origin, format, attested }) => [origin, format, attested])).toEqual([
        ["index", "spdx", true],
        ["referrer", "spdx", true],
        ["tag", "cyclonedx", true],
        ["referrer", "cyclonedx", false],
        ["referrer", "spdx", false],
      ]);
      const spdxShown = { type: "application/spdx+json", json: spdx };
      const cyclonedxShown = { type: "application/vnd.cyclonedx+json", json: cyclonedx };
      expect(await Promise.all(listed.map(shown))).toEqual([
        spdxShown,
        spdxShown,
        cyclonedxShown,
        cyclonedxShown,
        spdxShown,
      ]);
      expect(await list(digest)).not.toContainEqual(expect.objectContaining({ origin: "referrer" }));
    });

    test("that are not what they say are refused with a reason", async () => {
      const subject = await push.newImage(repository, []);
      const annotations = { predicateType: "https://spdx.dev/Document" };
      for (const json of [{}, { payload: "!" }, { payload: btoa("[]") }, { predicate: 7 }]) {
        const type = "application/vnd.dsse.envelope.v1+json";
        const held = await hold([{ type, json, annotations }], about(subject));
        expect(await refusalOf(await alice.get(`${artifacts}/${held}/additions/sbom`))).toBe(
          "400 BAD_REQUEST",
        );
      }
      const held = await hold([{ type: "application/spdx+json", json: spdx }], about(subject));
      const path = `${artifacts}/${held}/additions/sbom`;
      expect(await refusalOf(await alice.get(`${path}?format=cyclonedx`))).toBe("404 NOT_FOUND");
      expect(await refusalOf(await alice.get(`${path}?digest=${digest}`))).toBe("404 NOT_FOUND");
      expect(await refusalOf(await alice.get(`${artifacts}/v1/additions/sbom?digest=${digest}`))).toBe(
        "404 NOT_FOUND",
      );
      expect(await refusalOf(await alice.get(`${path}?format=pdf`))).toBe("400 BAD_REQUEST");
    });

    test("are never a page of this server", async () => {
      const subject = await push.newImage(repository, []);
      const held = await hold([{ type: "application/vnd.cyclonedx+xml", json: {} }], about(subject));
      const { headers } = await alice.get(`${artifacts}/${held}/additions/sbom`);
      expect(headers.get("content-disposition")).toStartWith("attachment");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    });
  });

  test("are for those who may see the image", async () => {
    const stranger = await fixture.user("stranger");
    for (const path of [`${artifacts}/v1/sboms`, `${artifacts}/v1/additions/sbom`]) {
      expect(await refusalOf(await fixture.anonymous.get(path))).toBe("401 UNAUTHORIZED");
      expect(await refusalOf(await stranger.get(path))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await alice.get(path.replace("v1", "gone")))).toBe("404 NOT_FOUND");
    }
  });
});
