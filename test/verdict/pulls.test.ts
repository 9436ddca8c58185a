import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startNotaryScene, type TrustScene } from "../clients/trust-scene.ts";
import { missingCommands } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { descriptor, jsonContent, makeImage, makeIndex, OCI_MANIFEST } from "../support/image.ts";
import { obstacles, TrustedProject } from "./trusted-project.ts";

describeUnless(missingCommands("notary"), "a project that requires content trust", () => {
  let scene: TrustScene;

  beforeAll(async () => {
    scene = await startNotaryScene();
  });

  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  test("serves what is signed, by tag and by digest, and nothing else", async () => {
    const trusted = await TrustedProject.open(scene);
    const signed = await trusted.pushSigned("v1");
    const other = await makeImage();
    await trusted.repository.pushImage(other, "v2");

    for (const reference of ["v1", signed.manifest.digest]) {
      expect((await trusted.get(reference)).status).toBe(200);
    }
    for (const reference of ["v2", other.manifest.digest]) {
      const response = await trusted.get(reference);
      const separator = reference === "v2" ? ":" : "@";
      expect(await response.clone().text()).toContain(
        `Nobody has signed ${trusted.name}${separator}${reference}`,
      );
      expect(await obstacles(response)).toEqual(["unsigned"]);
    }
    // Under a name that nobody has signed, though the image is signed under another.
    await trusted.repository.pushManifest("latest", signed.manifest);
    expect(await obstacles(await trusted.get("latest"))).toEqual(["unsigned"]);
  });

  test("serves the children of an index that is signed, and not those of another", async () => {
    const trusted = await TrustedProject.open(scene);
    const [amd64, arm64, other] = [await makeImage(), await makeImage(), await makeImage()];
    const index = makeIndex({ amd64, arm64 });
    const unsigned = makeIndex({ amd64: other });
    for (const image of [amd64, arm64, other]) await trusted.repository.pushImage(image);
    await trusted.repository.pushManifest("multi", index);
    await trusted.repository.pushManifest("other", unsigned);
    await scene.sign(trusted.owner, trusted.name, "multi", index);

    for (const reference of ["multi", index.digest, amd64.manifest.digest, arm64.manifest.digest]) {
      expect((await trusted.get(reference)).status).toBe(200);
    }
    for (const reference of ["other", unsigned.digest, other.manifest.digest]) {
      expect(await obstacles(await trusted.get(reference))).toEqual(["unsigned"]);
    }
  });

  test("says who signed what, where somebody has pushed over a signed tag", async () => {
    const trusted = await TrustedProject.open(scene);
    const signed = await trusted.pushSigned("v1");
    await trusted.repository.pushImage(await makeImage(), "v1");

    const response = await trusted.get("v1");
    const text = await response.clone().text();
    expect(text).toContain(`${trusted.name}:v1 is not what was signed`);
    expect(text).toContain(signed.manifest.digest);
    expect(await obstacles(response)).toEqual(["tampered"]);
    expect((await trusted.get(signed.manifest.digest)).status).toBe(200);
  });

  test("demands the signers that it names", async () => {
    const trusted = await TrustedProject.open(scene, "targets/security");
    await trusted.pushSigned("v1");
    const response = await trusted.get("v1");
    expect(await response.clone().text()).toContain("demands the signature of targets/security");
    expect(await obstacles(response)).toEqual(["signer-missing"]);

    await scene.requireTrust(trusted.project, "targets");
    expect((await trusted.get("v1")).status).toBe(200);
  });

  describe("leaves what cannot be run readable", () => {
    const config = jsonContent("application/vnd.oci.image.config.v1+json", { rootfs: { diff_ids: [] } });

    test.each([
      ["a signature of cosign's", "application/vnd.dev.cosign.simplesigning.v1+json"],
      ["a bundle of sigstore's", "application/vnd.dev.sigstore.bundle.v0.3+json"],
      ["a signature of notation's", "application/jose+json"],
      ["an attestation", "application/vnd.in-toto+json"],
    ])("%s", async (_, layerType) => {
      const trusted = await TrustedProject.open(scene);
      const image = await makeImage();
      await trusted.repository.pushImage(image, "v1");
      const layer = jsonContent(layerType, { of: image.manifest.digest });
      const artifact = jsonContent(OCI_MANIFEST, {
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: descriptor(config),
        layers: [descriptor(layer)],
        subject: descriptor(image.manifest),
      });
      const tag = `${image.manifest.digest.replace(":", "-")}.sig`;
      await trusted.repository.pushImage({ layers: [layer], config, manifest: artifact }, tag);

      for (const reference of [tag, artifact.digest]) {
        expect((await trusted.get(reference)).status).toBe(200);
      }
      // It says something of the image, and makes it no better.
      expect(await obstacles(await trusted.get("v1"))).toEqual(["unsigned"]);
    });
  });
});
