import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sql } from "kysely";
import { blobKey, layerLinkKey, revisionLinkKey, tagLinkKey, uploadKey } from "../../src/blobs/index.ts";
import { type Digest, hour, parseRepositoryName } from "../../src/kernel/index.ts";
import type { FsckOptions, Outcome } from "../../src/registry/index.ts";
import type { Services } from "../../src/serve/index.ts";
import { describeInstallations } from "../support/engines.ts";
import { content, type Image, makeImage, makeIndex, randomBytes } from "../support/image.ts";
import { openInstallation, pushBlob, pushImage, pushManifest } from "../support/installation.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

describeInstallations("fsck", (environment) => {
  const NAME = "library/app";
  let directory: TemporaryDirectory;
  let services: Services;
  let image: Image;

  beforeEach(async () => {
    directory = await temporaryDirectory("fsck");
    services = await openInstallation(directory.path, await environment());
    image = await makeImage();
    await pushImage(services, NAME, image, "v1", "latest");
  });

  afterEach(async () => {
    await services[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
  });

  async function fsck(options: Partial<FsckOptions> = {}): Promise<Outcome[]> {
    const found: Outcome[] = [];
    const defaults = { deep: false, repair: false, discardUnknown: false, grace: hour };
    const onFinding = (finding: Outcome) => found.push(finding);
    const summary = await services.registry.fsck.run({ ...defaults, onFinding, ...options });
    expect(summary.found).toBe(found.length);
    expect(summary.left).toBe(found.filter((finding) => !finding.repaired).length);
    return found;
  }

  /** The kinds found, then repaired; afterwards all must be well. */
  async function repairs(options: Partial<FsckOptions> = {}): Promise<string[]> {
    const before = await fsck(options);
    expect(before.every((finding) => finding.repairable && !finding.repaired)).toBe(true);
    const repaired = await fsck({ ...options, repair: true });
    expect(repaired.filter((finding) => !finding.repaired)).toEqual([]);
    expect(await fsck({ ...options, deep: true })).toEqual([]);
    return [...new Set(before.map(({ kind }) => kind))];
  }

  const file = (key: string) => join(directory.path, "registry", key);
  const digestOf = ({ digest }: { digest: string }) => digest as Digest;
  const layer = () => image.layers[0] ?? image.config;

  async function place(key: string, bytes: string | Uint8Array, age = 0): Promise<void> {
    await mkdir(dirname(file(key)), { recursive: true });
    await writeFile(file(key), bytes);
    const at = new Date(Date.now() - age);
    await utimes(file(key), at, at);
  }

  const run = (query: ReturnType<typeof sql>) => services.database.write((tx) => query.execute(tx));

  describe("fsck finds nothing", () => {
    test("after pushes, mounts, an index, deletions and a collection", async () => {
      const [one, two] = [await makeImage(), await makeImage({ format: "docker" })];
      for (const part of [one, two]) await pushImage(services, NAME, part);
      await pushManifest(services, NAME, makeIndex({ amd64: one, arm64: two }), ["multi"]);
      await services.registry.blobs.mount(parseRepositoryName("library/other"), NAME, digestOf(layer()));
      await pushBlob(services, "library/other", content("text/plain", image.manifest.bytes));
      const caller = { kind: "system", name: "test", address: "", requestId: "" } as const;
      await services.registry.tags.delete(caller, parseRepositoryName(NAME), "latest");
      await services.registry.manifests.delete(caller, parseRepositoryName(NAME), digestOf(image.manifest));
      expect(await fsck({ deep: true })).toEqual([]);
      await services.registry.collector.collect({ grace: 0, dryRun: false });
      expect(await fsck({ deep: true, grace: 0 })).toEqual([]);
    });
  });

  describe("content", () => {
    test("a missing layer names its images, is taken out of service, and comes back by a push", async () => {
      await rm(file(blobKey(digestOf(layer()))));
      const [finding] = await fsck();
      expect(finding).toMatchObject({ kind: "blob-missing", severity: "damage", subject: layer().digest });
      expect(finding?.message).toContain(`${NAME}:latest (${image.manifest.digest})`);
      expect(await fsck({ repair: true })).toMatchObject([{ kind: "blob-missing", repaired: false }]);
      expect(await fsck()).toMatchObject([{ kind: "blob-lost", repairable: false }]);
      const name = parseRepositoryName(NAME);
      await expect(services.registry.blobs.get(name, digestOf(layer()))).rejects.toMatchObject({
        code: "BLOB_UNKNOWN",
      });
      expect(
        await services.registry.blobs.mount(parseRepositoryName("library/b"), NAME, digestOf(layer())),
      ).toBe(false);
      await pushBlob(services, NAME, layer());
      expect(await services.registry.blobs.get(name, digestOf(layer()))).toMatchObject({
        size: layer().size,
      });
      expect(await fsck({ deep: true })).toEqual([]);
    });

    test("a lost layer comes back by its file too", async () => {
      await rm(file(blobKey(digestOf(layer()))));
      await fsck({ repair: true });
      await place(blobKey(digestOf(layer())), layer().bytes);
      expect(await repairs()).toEqual(["blob-found-again"]);
    });

    test("a layer of the wrong length, and with deep one with wrong bytes, is damage", async () => {
      const { bytes } = layer();
      await place(blobKey(digestOf(layer())), bytes.slice(1));
      expect(await fsck()).toMatchObject([{ kind: "blob-size", severity: "damage" }]);
      await place(blobKey(digestOf(layer())), randomBytes(bytes.length));
      expect(await fsck()).toEqual([]);
      expect(await fsck({ deep: true, repair: true })).toMatchObject([
        { kind: "blob-content", repaired: false },
      ]);
      await pushBlob(services, NAME, layer());
      expect(await fsck({ deep: true })).toEqual([]);
    });

    test("a manifest is restored from its other copy, whichever is bad", async () => {
      const key = blobKey(digestOf(image.manifest));
      await rm(file(key));
      expect(await repairs()).toEqual(["blob-missing"]);
      await place(key, image.manifest.bytes.slice(3));
      expect(await repairs()).toEqual(["blob-size"]);
      await place(key, randomBytes(image.manifest.size));
      expect(await repairs()).toEqual(["manifest-content"]);
      await run(sql`update manifest_content set content = ${Buffer.from("{}")}`);
      expect(await repairs()).toEqual(["manifest-content"]);
      await run(sql`delete from manifest_content`);
      expect(await repairs()).toEqual(["manifest-content"]);
    });

    test("a blob that the database does not know is kept, unless it is told to discard it and it is old", async () => {
      const stray = content("", randomBytes(10));
      await place(blobKey(digestOf(stray)), stray.bytes);
      const all = { repair: true, discardUnknown: true };
      expect(await fsck(all)).toMatchObject([{ kind: "blob-unknown", repairable: false }]);
      await place(blobKey(digestOf(stray)), stray.bytes, 2 * hour);
      expect(await fsck({ repair: true })).toMatchObject([{ kind: "blob-unknown", repairable: false }]);
      expect(await fsck(all)).toMatchObject([{ kind: "blob-unknown", repaired: true, bytes: 10 }]);
      expect(await fsck()).toEqual([]);
    });
  });

  describe("what is worked out", () => {
    test.each([
      ["repository_blob.refs", sql`update repository_blob set refs = refs + 1`, "counter"],
      ["repository_blob.orphaned_at", sql`update repository_blob set orphaned_at = 5`, "counter"],
      ["blob.links", sql`update blob set links = 0, orphaned_at = 5`, "counter"],
      ["blob.orphaned_at", sql`update blob set orphaned_at = 5`, "counter"],
      ["project_blob.links", sql`update project_blob set links = 7`, "counter"],
      ["rows of project_blob", sql`delete from project_blob`, "counter"],
      ["project.storage_used", sql`update project set storage_used = 1`, "counter"],
      ["manifest.tagged", sql`update manifest set tagged = 0`, "manifest-standing"],
      ["repository.artifact_count", sql`update repository set artifact_count = 7`, "counter"],
    ])("%s", async (_, damage, kind) => {
      await run(damage);
      expect(await repairs()).toEqual([kind]);
    });

    test("what stands for itself, and with it how many do", async () => {
      await run(sql`update manifest set listed = 1 - listed`);
      expect(await repairs()).toEqual(["manifest-standing", "counter"]);
    });

    test("what a manifest needs", async () => {
      await pushManifest(services, NAME, makeIndex({ amd64: image }), ["multi"]);
      await run(sql`delete from manifest_child`);
      await run(
        sql`delete from manifest_blob where blob_id = (select id from blob where digest = ${layer().digest})`,
      );
      expect(await repairs()).toEqual(["manifest-references", "counter"]);
      await pushBlob(services, NAME, content("", randomBytes(7)));
      await run(
        sql`insert into manifest_blob (manifest_id, blob_id) values ((select min(id) from manifest), (select max(id) from blob))`,
      );
      await run(
        sql`insert into manifest_child (manifest_id, child_digest) values ((select min(id) from manifest), 'sha256:0')`,
      );
      expect(await repairs()).toEqual(["manifest-references", "counter"]);
    });

    test("a blob that the repository does not hold is linked, if another holds it", async () => {
      await services.registry.blobs.mount(parseRepositoryName("library/other"), NAME, digestOf(layer()));
      const unlink = sql`delete from repository_blob where blob_id = (select id from blob where digest = ${layer().digest})
      and repository_id = (select id from repository where name = ${NAME})`;
      await run(unlink);
      const found = await fsck({ repair: true });
      expect(found).toContainEqual(expect.objectContaining({ kind: "manifest-dangling", repaired: true }));
      await fsck({ repair: true });
      expect(await fsck()).toEqual([]);
    });

    test("a child that is gone cannot be repaired", async () => {
      await pushManifest(services, NAME, makeIndex({ amd64: image }), ["multi"]);
      await run(sql`delete from tag where name <> 'multi'`);
      await run(sql`delete from manifest where digest = ${image.manifest.digest}`);
      const found = await fsck({ repair: true });
      const dangling = found.find(({ kind }) => kind === "manifest-dangling");
      expect(dangling).toMatchObject({ severity: "damage", repaired: false });
      expect(dangling?.message).toContain(image.manifest.digest);
    });

    test("a tag that points into another repository", async () => {
      await pushImage(services, "library/other", image, "v1");
      await run(sql`update tag set manifest_id = (select max(id) from manifest) where name = 'v1'`);
      expect(await repairs()).toEqual(["tag-target"]);
    });
  });

  describe("links and files", () => {
    test("links that are missing or wrong are written from the database", async () => {
      await rm(file(layerLinkKey(NAME, digestOf(layer()))));
      await rm(file(revisionLinkKey(NAME, digestOf(image.manifest))));
      await rm(file(tagLinkKey(NAME, "v1")));
      expect(await repairs()).toEqual(["link-missing"]);
      await place(tagLinkKey(NAME, "latest"), layer().digest);
      expect(await repairs()).toEqual(["link-wrong"]);
    });

    test("links without a row are deleted", async () => {
      await place(tagLinkKey(NAME, "never"), image.manifest.digest);
      await place(revisionLinkKey("library/gone", digestOf(image.manifest)), image.manifest.digest);
      await place(layerLinkKey(NAME, digestOf(image.manifest)).replace(NAME, "library/x"), layer().digest);
      expect(await repairs()).toEqual(["link-stale"]);
      expect(existsSync(file("docker/registry/v2/repositories/library/gone"))).toBe(false);
    });

    test("links to content that the database does not know may be all that is left of a push, and stay", async () => {
      const stray = content("", randomBytes(10));
      await place(blobKey(digestOf(stray)), stray.bytes, 2 * hour);
      await place(tagLinkKey(NAME, "newer"), stray.digest);
      await place(tagLinkKey(NAME, "v1"), stray.digest);
      const kinds = (found: Outcome[]) => found.map(({ kind, repaired }) => `${kind} ${repaired}`);
      const expected = ["link-unknown-content false", "link-unknown-content false", "blob-unknown false"];
      expect(kinds(await fsck({ repair: true }))).toEqual(expected);
      await fsck({ repair: true, discardUnknown: true });
      expect(kinds(await fsck({ repair: true }))).toEqual(["link-wrong true"]);
      expect(await fsck()).toEqual([]);
    });

    test("what broken-off work left is deleted once it is old; what is not the registry's stays", async () => {
      const keys = [
        `${tagLinkKey(NAME, "v1")}.0f0f.tmp`,
        `${blobKey(digestOf(layer()))}.0f0f.tmp`,
        uploadKey(crypto.randomUUID()),
        `${uploadKey(crypto.randomUUID())}.copy`,
        "breakwater/probe-17",
      ];
      for (const key of keys) await place(key, "x");
      expect(await fsck()).toEqual([]);
      for (const key of keys) await place(key, "x", 2 * hour);
      expect(await repairs()).toEqual(["temporary-file", "staged-file"]);
      await place("docker/registry/v2/blobs/notes.txt", "mine");
      await place("docker/registry/v2/repositories/library/app/_uploads/x/data", "Distribution's");
      expect(await fsck({ repair: true })).toMatchObject([{ kind: "foreign-file", repaired: false }]);
    });

    test("an upload whose staged bytes are gone is forgotten, unless it is being worked on", async () => {
      const name = parseRepositoryName(NAME);
      const upload = await services.registry.uploads.begin(name, "user:1");
      const body = (async function* () {
        yield randomBytes(100);
      })();
      await services.registry.uploads.append(upload, body, null);
      expect(await fsck()).toEqual([]);
      await rm(file(uploadKey(upload.id)));
      await run(sql`update upload set holder = 'x', held_until = ${Date.now() + hour}`);
      expect(await fsck()).toEqual([]);
      await run(sql`update upload set holder = null, held_until = null`);
      expect(await repairs()).toEqual(["upload-bytes"]);
      await expect(services.registry.uploads.get(name, upload.id)).rejects.toMatchObject({
        code: "BLOB_UPLOAD_UNKNOWN",
      });
    });
  });
});
