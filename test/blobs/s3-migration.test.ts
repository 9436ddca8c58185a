import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { blobKey, openS3, tagLinkKey } from "../../src/blobs/index.ts";
import type { Digest } from "../../src/kernel/index.ts";
import { startBreakwater } from "../support/breakwater.ts";
import { Child } from "../support/child.ts";
import { missingCommands } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { ANY_MANIFEST, digestOf, makeImage } from "../support/image.ts";
import { freePort } from "../support/ports.ts";
import { expectStatus, locationOf, openRepository, withDigest } from "../support/registry-client.ts";
import { type S3Server, s3Missing, startS3 } from "../support/s3.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Debian's docker-registry on the server's bucket, on loopback and without passwords. */
async function startDockerRegistry(s3: S3Server) {
  await using started = new AsyncDisposableStack();
  const home = started.use(await temporaryDirectory("docker-registry"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const { s3: parameters } = s3.service() as { s3: object };
  const storage = { s3: { ...parameters, secure: false, v4auth: true }, redirect: { disable: true } };
  const configFile = join(home.path, "config.yml");
  await writeFile(configFile, stringify({ version: "0.1", storage, http: { addr: url.slice(7) } }));
  const child = new Child("docker-registry", ["serve", configFile], {
    logFile: join(home.path, "log"),
    // Settings of the person's own for Amazon's library are not for this one.
    env: { PATH: process.env.PATH },
  });
  started.defer(async () => void (await child.stop()));
  while (child.running && !(await fetch(`${url}/v2/`).catch(() => undefined))?.ok) await Bun.sleep(50);
  const owned = started.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describeUnless(
  missingCommands("docker-registry") ?? s3Missing,
  "a bucket shared with docker-registry",
  () => {
    test("what Breakwater pushed, docker-registry serves", async () => {
      await using s3 = await startS3();
      await using server = await startBreakwater({ storage: s3 });
      const repository = await openRepository(server, "library/ours");
      const image = await makeImage({ layerSize: 12 * 1024 * 1024, layers: 1 });
      await repository.pushImage(image, "1.0");

      await using registry = await startDockerRegistry(s3);
      const name = `${registry.url}/v2/library/ours`;
      const manifest = await fetch(`${name}/manifests/1.0`, { headers: { accept: ANY_MANIFEST } });
      expect(digestOf(await (await expectStatus(200, manifest)).bytes())).toBe(image.manifest.digest);
      for (const { digest } of [...image.layers, image.config]) {
        const blob = await expectStatus(200, await fetch(`${name}/blobs/${digest}`));
        expect(digestOf(await blob.bytes())).toBe(digest);
      }
      const { tags } = (await (await fetch(`${name}/tags/list`)).json()) as { tags: string[] };
      expect(tags).toEqual(["1.0"]);
    }, 60_000);

    test("what docker-registry pushed, lies where Breakwater looks for it", async () => {
      await using s3 = await startS3();
      await using registry = await startDockerRegistry(s3);
      const name = `${registry.url}/v2/team/theirs`;
      const image = await makeImage({ layerSize: 12 * 1024 * 1024, layers: 1 });
      for (const { bytes, digest } of [...image.layers, image.config]) {
        const begun = await expectStatus(202, await fetch(`${name}/blobs/uploads/`, { method: "POST" }));
        const put = await fetch(withDigest(locationOf(begun), digest), { method: "PUT", body: bytes });
        await expectStatus(201, put);
      }
      const { bytes: body, mediaType, digest } = image.manifest;
      const headers = { "content-type": mediaType };
      await expectStatus(201, await fetch(`${name}/manifests/2.0`, { method: "PUT", body, headers }));

      const objects = await openS3(s3.options());
      const link = await objects.get(tagLinkKey("team/theirs", "2.0"));
      expect(Buffer.from(link ?? "").toString()).toBe(digest);
      for (const content of [...image.layers, image.config, image.manifest]) {
        const stored = await objects.get(blobKey(content.digest as Digest));
        expect(digestOf(new Uint8Array(stored ?? []))).toBe(content.digest);
      }
    }, 60_000);
  },
);
