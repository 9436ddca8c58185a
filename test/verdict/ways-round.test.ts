import { afterAll, beforeAll, expect, test } from "bun:test";
import { startNotaryScene, type TrustScene } from "../clients/trust-scene.ts";
import { missingCommands } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { createProject } from "../support/harbor.ts";
import {
  ANY_MANIFEST,
  content,
  DOCKER_MANIFEST,
  descriptor,
  jsonContent,
  makeImage,
  makeIndex,
  OCI_MANIFEST,
} from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { obstacles, TrustedProject } from "./trusted-project.ts";

describeUnless(missingCommands("notary"), "content trust is not got round", () => {
  let scene: TrustScene;

  beforeAll(async () => {
    scene = await startNotaryScene();
  });

  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  test("by saying that one is another client, or wants other types", async () => {
    const trusted = await TrustedProject.open(scene);
    const image = await makeImage({ format: "docker" });
    await trusted.repository.pushImage(image, "v1");
    const attempts: Record<string, string>[] = [
      { "user-agent": "cosign/v2.2.0 (linux; amd64)" },
      { "user-agent": "Harbor-scanner-adapter/1.0" },
      { accept: DOCKER_MANIFEST },
      { accept: "*/*" },
      { range: "bytes=0-10" },
      { "if-none-match": `"${image.manifest.digest}"` },
      { "if-none-match": "*" },
    ];
    for (const headers of attempts) {
      for (const reference of ["v1", image.manifest.digest]) {
        expect(await obstacles(await trusted.get(reference, headers))).toEqual(["unsigned"]);
      }
    }
    const narrow = await trusted.get("v1", { accept: OCI_MANIFEST });
    expect(narrow.status).toBe(404);
  });

  test("by asking for the manifest as a blob, or for a part of it", async () => {
    const trusted = await TrustedProject.open(scene);
    const image = await makeImage();
    await trusted.repository.pushImage(image, "v1");
    const blob = `/blobs/${image.manifest.digest}`;
    expect(await obstacles(await trusted.repository.fetch(blob))).toEqual(["unsigned"]);
    const headers = { range: "bytes=1-" };
    expect(await obstacles(await trusted.repository.fetch(blob, { headers }))).toEqual(["unsigned"]);
  });

  test("by mounting the manifest as a blob where one may read it", async () => {
    const trusted = await TrustedProject.open(scene);
    const image = await makeImage();
    await trusted.repository.pushImage(image, "v1");
    const elsewhere = [`${await createProject(scene.server)}/app`, `${trusted.project}/other`];
    for (const name of elsewhere) {
      const target = await openRepository(scene.server, name);
      for (const from of [`&from=${trusted.name}`, ""]) {
        const path = `/blobs/uploads/?mount=${image.manifest.digest}${from}`;
        expect((await target.fetch(path, { method: "POST" })).status).toBe(202);
        expect((await target.fetch(`/blobs/${image.manifest.digest}`)).status).toBe(404);
      }
      // Layers, which are no secret, save the upload as ever.
      const [layer] = image.layers;
      const path = `/blobs/uploads/?mount=${layer?.digest}&from=${trusted.name}`;
      expect((await target.fetch(path, { method: "POST" })).status).toBe(201);
    }
  });

  test("by dressing an image up as a signature, or as a companion of what is signed", async () => {
    const trusted = await TrustedProject.open(scene);
    const signed = await trusted.pushSigned("v1");
    const signature = "application/vnd.dev.cosign.simplesigning.v1+json";
    const image = await makeImage({ extra: { subject: descriptor(signed.manifest) } });
    const typed = await makeImage({ extra: { artifactType: signature } });
    const annotated = await makeImage({
      extra: { annotations: { "dev.cosignproject.cosign/signature": "x" } },
    });
    const [first, second] = image.layers;
    if (first === undefined || second === undefined) throw new Error("an image has two layers");
    const payload = jsonContent(signature, {});
    const dressed = { schemaVersion: 2, mediaType: OCI_MANIFEST, subject: descriptor(signed.manifest) };
    const mixed = jsonContent(OCI_MANIFEST, {
      ...dressed,
      config: descriptor(image.config),
      layers: [descriptor(payload), descriptor(first), descriptor(second)],
    });
    const named = jsonContent(OCI_MANIFEST, {
      ...dressed,
      artifactType: signature,
      config: { ...descriptor(image.config), mediaType: signature },
      layers: [descriptor(first), descriptor(second)],
    });
    const without = jsonContent(OCI_MANIFEST, { ...dressed, config: descriptor(image.config), layers: [] });
    // Podman and CRI-O unpack these, whatever type they are said to have.
    const said = jsonContent(OCI_MANIFEST, {
      ...dressed,
      config: descriptor(image.config),
      layers: [first, second].map((layer) => ({ ...descriptor(layer), mediaType: signature })),
    });
    await trusted.repository.pushBlob(payload.bytes);
    for (const one of [image, typed, annotated]) await trusted.repository.pushImage(one);
    for (const manifest of [mixed, named, without, said]) {
      await trusted.repository.pushManifest(manifest.digest, manifest);
    }
    const attempts = [image.manifest, typed.manifest, annotated.manifest, mixed, named, without, said];
    const tag = `${signed.manifest.digest.replace(":", "-")}.sig`;
    for (const manifest of attempts) {
      expect(await obstacles(await trusted.get(manifest.digest))).toEqual(["unsigned"]);
      await trusted.repository.pushManifest(tag, manifest);
      expect(await obstacles(await trusted.get(tag))).toEqual(["unsigned"]);
    }
  });

  test("by a manifest that says two things at once", async () => {
    const trusted = await TrustedProject.open(scene);
    const image = await makeImage();
    await trusted.repository.pushImage(image, "v1");
    const payload = jsonContent("application/vnd.dsse.envelope.v1+json", {});
    await trusted.repository.pushBlob(payload.bytes);
    const [layers, harmless] = [image.layers.map(descriptor), [descriptor(payload)]].map((value) =>
      JSON.stringify(value),
    );
    const start = `{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}","config":${JSON.stringify(descriptor(image.config))}`;
    for (const text of [
      `${start},"layers":${layers},"layers":${harmless}}`,
      `${start},"layers":${harmless},"Layers":${layers}}`,
    ]) {
      const manifest = content(OCI_MANIFEST, new TextEncoder().encode(text));
      const response = await trusted.repository.fetch("/manifests/v2", {
        method: "PUT",
        headers: { "content-type": OCI_MANIFEST },
        body: manifest.bytes,
      });
      expect(response.status).toBe(400);
    }
  });

  test("by an index around what is signed, or around what is not", async () => {
    const trusted = await TrustedProject.open(scene);
    const signed = await trusted.pushSigned("v1");
    const evil = await makeImage();
    await trusted.repository.pushImage(evil);
    const index = makeIndex({ amd64: evil, arm64: signed });
    await trusted.repository.pushManifest("v2", index);
    for (const reference of ["v2", index.digest, evil.manifest.digest]) {
      expect(await obstacles(await trusted.get(reference))).toEqual(["unsigned"]);
    }
  });

  test("by pointing a signed tag to what was signed as another", async () => {
    const trusted = await TrustedProject.open(scene);
    const old = await trusted.pushSigned("v1");
    await trusted.pushSigned("v2");
    await trusted.repository.pushManifest("v2", old.manifest);
    expect(await obstacles(await trusted.get("v2"))).toEqual(["tampered"]);
    await trusted.repository.pushManifest("latest", old.manifest);
    // Docker and containerd ask by HEAD what the tag means, and then for the digest, which is signed.
    const puller = await trusted.puller();
    const head = { method: "HEAD", headers: { accept: ANY_MANIFEST } };
    for (const tag of ["v2", "latest"])
      expect((await puller.fetch(`/manifests/${tag}`, head)).status).toBe(412);
    expect((await puller.fetch("/manifests/v1", head)).status).toBe(200);
    expect((await puller.fetch(`/manifests/${old.manifest.digest}`, head)).status).toBe(200);
    // Whoever may push looks at the tag to set it right.
    expect((await trusted.repository.fetch("/manifests/v2", head)).status).toBe(200);
  });

  test("by signing with a root of one's own", async () => {
    const trusted = await TrustedProject.open(scene);
    await trusted.pushSigned("v1");
    const other = await scene.person(trusted.project, "developer");
    const evil = await makeImage();
    await trusted.repository.pushImage(evil, "v2");
    // Under another name by which the server can be reached.
    const host = `localhost:${scene.server.httpPort}`;
    await other.notary("init", `${host}/${trusted.name}`, "--publish");
    const hash = evil.manifest.digest.replace("sha256:", "");
    const signing = ["addhash", `${host}/${trusted.name}`, "v2", "1", "--sha256", hash, "--publish"];
    await other.notary(...signing);
    for (const reference of ["v2", evil.manifest.digest]) {
      expect(await obstacles(await trusted.get(reference))).toEqual(["unsigned"]);
    }
  });

  test("by copying it into another project", async () => {
    const trusted = await TrustedProject.open(scene);
    const image = await makeImage();
    await trusted.repository.pushImage(image, "v1");
    const project = await createProject(scene.server);
    const copy = (reference: string) =>
      scene.server.api(
        `/projects/${project}/repositories/app/artifacts?from=${encodeURIComponent(`${trusted.name}${reference}`)}`,
        { method: "POST" },
      );
    expect(await obstacles(await copy(`@${image.manifest.digest}`))).toEqual(["unsigned"]);
    const signed = await trusted.pushSigned("v2");
    expect((await copy(":v2")).status).toBe(201);
    // What refers to it is taken along.
    const companion = await makeImage({ extra: { subject: descriptor(signed.manifest) } });
    await trusted.repository.pushImage(companion);
    expect(await obstacles(await copy(":v2"))).toEqual(["unsigned"]);
  });
});
