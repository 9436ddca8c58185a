import { afterAll, beforeAll, expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { breakwater } from "../command-line/breakwater.ts";
import { type Breakwater, basicAuth, startBreakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { createOnPostgresql } from "../support/engines.ts";
import { content, type Image, makeImage } from "../support/image.ts";
import { missingPostgresql } from "../support/postgresql.ts";
import { sectionOf } from "../support/postgresql-section.ts";
import { openRepository, withDigest } from "../support/registry-client.ts";
import { type S3Server, s3Missing, startS3 } from "../support/s3.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const NAME = "library/app";

describeUnless(missingPostgresql() ?? s3Missing, "breakwater migrate", () => {
  let home: TemporaryDirectory;
  let bucket: S3Server;
  let source: Breakwater;
  let images: readonly Image[];
  let robot: { readonly name: string; readonly secret: string };
  /** What is still to come of an upload that the source has half of. */
  let upload: { readonly path: string; readonly bytes: Uint8Array<ArrayBuffer>; readonly digest: string };

  beforeAll(async () => {
    home = await temporaryDirectory("migrate");
    bucket = await startS3();
    source = await startBreakwater({ http: true, dataDir: join(home.path, "embedded") });
    const repository = await openRepository(source, NAME);
    images = [
      await makeImage(),
      await makeImage({ layers: 2, layerSize: 3_000_000 }),
      await makeImage({ layers: 1, layerSize: 12_000_000 }),
    ];
    for (const [at, image] of images.entries()) await repository.pushImage(image, `v${at}`);
    await repository.fetch("/manifests/v0", { method: "DELETE" });
    const created = await source.api("/robots", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        name: "ci",
        level: "system",
        duration: -1,
        permissions: [
          { kind: "project", namespace: "*", access: [{ resource: "repository", action: "pull" }] },
        ],
      }),
    });
    robot = (await created.json()) as typeof robot;
    const whole = content("", crypto.getRandomValues(new Uint8Array(60_000)));
    const begun = await repository.startUpload();
    const half = await repository.fetch(begun, { method: "PATCH", body: whole.bytes.slice(0, 30_000) });
    const next = new URL(half.headers.get("location") ?? "", source.url);
    upload = { path: next.pathname + next.search, bytes: whole.bytes.slice(30_000), digest: whole.digest };
  }, 120_000);
  afterAll(async () => {
    await source?.[Symbol.asyncDispose]();
    await bucket?.[Symbol.asyncDispose]();
    await home?.[Symbol.asyncDispose]();
  });

  /** A configuration for PostgreSQL and the bucket, and how a server is started on them. */
  async function cluster(storage: S3Server = bucket) {
    const { options } = await createOnPostgresql();
    const dataDir = join(home.path, options.database);
    const file = join(home.path, `${options.database}.yml`);
    const service = { storage_service: storage.service() };
    await writeFile(file, stringify({ data_volume: dataDir, ...sectionOf(options), ...service }));
    return { file, start: () => startBreakwater({ http: true, dataDir, database: options, storage }) };
  }

  const migrate = (from: string, to: string) => breakwater(["migrate", "--config", from, "--to", to]);

  async function holdsEverything(server: Breakwater): Promise<void> {
    const repository = await openRepository(server, NAME);
    for (const [at, image] of images.entries()) {
      const reference = at === 0 ? image.manifest.digest : `v${at}`;
      expect((await repository.pullManifest(reference)).digest).toBe(image.manifest.digest);
      for (const { digest, bytes } of [...image.layers, image.config]) {
        expect(await repository.pullBlob(digest)).toEqual(bytes);
      }
    }
    expect((await repository.fetch("/manifests/v0")).status).toBe(404);
    const authorization = basicAuth({ username: robot.name, password: robot.secret });
    const token = await server.fetch(`/service/token?scope=repository:${NAME}:pull`, {
      headers: { authorization },
    });
    expect(token.status).toBe(200);
  }

  test("while the source is served nothing is copied", async () => {
    const { file } = await cluster();
    const { code, output } = await migrate(source.configFile, file);
    expect(output).toContain("The source is being served");
    expect(code).toBe(1);
  });

  test("from files to PostgreSQL and S3, and back", async () => {
    await source.stop();
    const there = await cluster();
    const { code, output } = await migrate(source.configFile, there.file);
    expect(output).toContain("the copy is whole");
    expect(output).toContain("1 upload under way");
    expect(code).toBe(0);

    const server = await there.start();
    let back: string;
    try {
      await holdsEverything(server);
      const repository = await openRepository(server, NAME);
      const put = await repository.fetch(withDigest(upload.path, upload.digest), {
        method: "PUT",
        body: upload.bytes,
      });
      expect(put.status).toBe(201);
      // Ids go on behind those of the source.
      const image = await makeImage();
      await repository.pushImage(image, "new");
      images = [...images, image];
      await repository.pushManifest(`v${images.length - 1}`, image.manifest);
      await server.stop();
      back = join(home.path, "back.yml");
      await writeFile(back, stringify({ data_volume: join(home.path, "back") }));
      const returned = await migrate(server.configFile, back);
      expect(returned.output).toContain("the copy is whole");
      expect(returned.code).toBe(0);
      const again = await migrate(server.configFile, back);
      expect(again.output).toContain("holds a registry already");
    } finally {
      await server[Symbol.asyncDispose]();
    }
    await using embedded = await startBreakwater({ http: true, dataDir: join(home.path, "back") });
    await holdsEverything(embedded);
    const repository = await openRepository(embedded, NAME);
    expect((await repository.pullBlob(upload.digest)).length).toBe(60_000);
  });

  test("a run that was broken off goes on, is not served before, and notices what changed", async () => {
    await using storage = await startS3();
    const there = await cluster(storage);
    const { digest: layer = "", size = 0 } = images[2]?.layers[0] ?? {};
    const path = `registry/docker/registry/v2/blobs/sha256/${layer.slice(7, 9)}/${layer.slice(7)}/data`;
    const file = join(source.dataDir, path);
    const bytes = await Bun.file(file).bytes();
    await rm(file);
    const first = await migrate(source.configFile, there.file);
    expect(first.output).toContain(`${layer} (${size} bytes) is not in the source's storage`);
    expect(first.code).toBe(1);
    expect(await there.start().catch(String)).toContain("unfinished copy");

    await writeFile(file, bytes);
    await source.start();
    await (await openRepository(source, NAME)).pushImage(await makeImage(), "later");
    await source.stop();
    const second = await migrate(source.configFile, there.file);
    expect(second.output).toContain("of them by a run before this");
    expect(second.code).toBe(0);
    await using server = await there.start();
    const repository = await openRepository(server, NAME);
    expect((await repository.fetch("/manifests/later")).status).toBe(200);
    expect((await repository.pullBlob(layer)).length).toBe(size);
  }, 120_000);

  test("another target than an empty one is refused", async () => {
    const itself = await migrate(source.configFile, source.configFile);
    expect(itself.output).toContain("the source's database");
    const other = await cluster();
    const occupied = await migrate(source.configFile, other.file);
    expect(occupied.output).toContain("storage holds images already");
    const { code } = await breakwater(["migrate", "--config", source.configFile]);
    expect(code).toBe(2);
  });
});
