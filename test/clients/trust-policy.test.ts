import { afterAll, beforeAll, expect, test } from "bun:test";
import { missingCommands, missingForRoot } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { descriptor, type Image, jsonContent, makeImage, makeIndex, OCI_MANIFEST } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { type ContainersHome, containersHome } from "./containers-home.ts";
import { startNotaryScene, type TrustScene } from "./trust-scene.ts";

const missing = missingCommands("notary", "skopeo") ?? missingForRoot("podman");

/** Clients that know nothing of Docker's content trust, and a project that requires it. */
describeUnless(missing, "skopeo and podman and a project that requires content trust", () => {
  let scene: TrustScene;
  let home: ContainersHome;

  beforeAll(async () => {
    scene = await startNotaryScene();
    home = await containersHome(scene.server);
    await home.login("skopeo", scene.server, scene.server.admin);
  });

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  const podman = (image: string) => home.try("podman", "pull", "--cert-dir", home.certificates, image);
  const skopeo = (image: string) => {
    const copy = ["copy", "--all", "--src-cert-dir", home.certificates];
    return home.try("skopeo", ...copy, `docker://${image}`, `dir:${home.path("copied")}`);
  };

  test("pull what is signed, and are told what lacks", async () => {
    const project = await scene.project();
    const path = `${project}/app`;
    const owner = await scene.person(project, "projectAdmin");
    const repository = await openRepository(scene.server, path);
    const image = await makeImage();
    const index = makeIndex({ amd64: image });
    await repository.pushImage(image);
    await repository.pushManifest("v1", index);
    await scene.requireTrust(project);
    const references = [":v1", `@${index.digest}`, `@${image.manifest.digest}`];

    for (const pull of [skopeo, podman]) {
      for (const reference of references) {
        const { code, output } = await pull(`${scene.host}/${path}${reference}`);
        expect(code).not.toBe(0);
        expect(output).toContain(`Nobody has signed ${path}${reference}`);
      }
    }
    await scene.initialise(owner, path);
    await scene.sign(owner, path, "v1", index);
    for (const pull of [skopeo, podman]) {
      for (const reference of references) {
        expect(await pull(`${scene.host}/${path}${reference}`)).toMatchObject({ code: 0 });
      }
    }
  });

  test("do not get an image that is dressed up as a signature, which podman would run", async () => {
    const project = await scene.project();
    await scene.requireTrust(project);
    const repository = await openRepository(scene.server, `${project}/app`);
    const image = await makeImage();
    await repository.pushImage(image);
    await repository.pushManifest("v1.sig", dress(image));
    const name = `${scene.host}/${project}/app:v1.sig`;
    for (const pull of [skopeo, podman]) {
      expect((await pull(name)).output).toContain(`Nobody has signed ${project}/app:v1.sig`);
    }
  });
});

/** The same image, of whose layers it says that they are signatures of cosign's. */
function dress({ config, layers }: Image) {
  const mediaType = "application/vnd.dev.cosign.simplesigning.v1+json";
  return jsonContent(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptor(config),
    layers: layers.map((layer) => ({ ...descriptor(layer), mediaType })),
  });
}
