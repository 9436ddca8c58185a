import { afterAll, beforeAll, expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { copyFile, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openS3 } from "../../../src/blobs/index.ts";
import type { Feeds, ImportRequest } from "../../../src/scan/feeds/index.ts";
import { readPointer } from "../../../src/scan/feeds/pointer.ts";
import { Shelf } from "../../../src/scan/feeds/shelf.ts";
import type { Services } from "../../../src/serve/index.ts";
import { missingCommands, mustRun } from "../../support/command.ts";
import { describeUnless } from "../../support/describe-unless.ts";
import { describeInstallations } from "../../support/engines.ts";
import { openInstallation } from "../../support/installation.ts";
import { s3Missing, startS3 } from "../../support/s3.ts";
import { missingFeeds, sharedFeed } from "../../support/shared-feeds.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { openAccess } from "./web-server.ts";

const request = { patience: 0, progress: () => {}, signal: new AbortController().signal };

function take(feeds: Feeds, from: string, change: Partial<ImportRequest> = {}) {
  return feeds.import({ ...request, from, access: openAccess, keys: [], force: false, ...change });
}

/** A pair of keys in files. */
async function keyPair(folder: string, name: string, pair: { publicKey: KeyObject; privateKey: KeyObject }) {
  const [secret, open] = [join(folder, `${name}.key`), join(folder, `${name}.pub`)];
  await writeFile(secret, pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(open, pair.publicKey.export({ type: "spki", format: "pem" }));
  return { secret, open };
}

/** What images would be compared with, read anew from the storage. */
async function known({ scan }: Services): Promise<readonly string[]> {
  await scan.vulnerabilities.refresh();
  return scan.vulnerabilities.current()?.manifest.feeds.map(({ name }) => name) ?? [];
}

const kev = { format: "kev", source: sharedFeed("kev.json") };
const ruby = { format: "osv", source: sharedFeed("osv/RubyGems/all.zip") };

/** An installation with those feeds, and nothing else. */
async function install(feeds: object, env: Record<string, string> = {}) {
  const home = await temporaryDirectory("bundle");
  const services = await openInstallation(home.path, {
    ...env,
    BREAKWATER_SCAN_FEEDS: JSON.stringify(feeds),
  });
  return {
    folder: home.path,
    services,
    feeds: services.feeds,
    bundle: join(home.path, "bundle.tar"),
    async [Symbol.asyncDispose]() {
      await services[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

describeUnless(missingFeeds(), "a bundle", () => {
  let outside: Awaited<ReturnType<typeof install>>;
  beforeAll(async () => {
    outside = await install({ kev, ruby });
    await outside.feeds.update(request);
  });
  afterAll(() => outside[Symbol.asyncDispose]());

  describeInstallations("over an air gap", (environment) => {
    test("carries the database, and when its sources were looked at", async () => {
      await using inside = await install({}, await environment());
      await outside.feeds.export(inside.bundle, null);
      expect((await take(inside.feeds, inside.bundle)).exchanged).toBe(true);
      expect(await known(inside.services)).toEqual(["kev", "ruby"]);
      const [there, here] = [await outside.feeds.overview(), await inside.feeds.overview()];
      expect(here.version).toBe(there.version);
      expect(here.feeds).toMatchObject(
        there.feeds.map(({ name, records, lastSuccessAt }) => ({
          ...{ name, records, lastSuccessAt, state: "imported", stale: false, failures: 0 },
        })),
      );
      expect((await take(inside.feeds, inside.bundle)).exchanged).toBe(false);
    });
  });

  test("signed is taken when a trusted key has signed it, by either kind of key", async () => {
    await using it = await install({});
    const ed25519 = await keyPair(it.folder, "ed25519", generateKeyPairSync("ed25519"));
    const ecdsa = await keyPair(it.folder, "ecdsa", generateKeyPairSync("ec", { namedCurve: "P-256" }));
    for (const [key, other] of [[ed25519, ecdsa] as const, [ecdsa, ed25519] as const]) {
      await outside.feeds.export(it.bundle, key.secret);
      await expect(take(it.feeds, it.bundle, { keys: [other.open] })).rejects.toThrow("by none of the keys");
      await take(it.feeds, it.bundle, { keys: [other.open, key.open] });
    }
    expect(await known(it.services)).toHaveLength(2);
    await outside.feeds.export(it.bundle, null);
    const unsigned = take(it.feeds, it.bundle, { keys: [ecdsa.open] });
    await expect(unsigned).rejects.toThrow("The bundle is not signed");
    await expect(outside.feeds.export(it.bundle, ecdsa.open)).rejects.toThrow("is not a file with a private");
    const rsa = await keyPair(it.folder, "rsa", generateKeyPairSync("rsa", { modulusLength: 2048 }));
    await expect(outside.feeds.export(it.bundle, rsa.secret)).rejects.toThrow("Ed25519 or ECDSA");
  });

  test("that was changed on its way, anywhere, replaces nothing", async () => {
    await using it = await install({});
    const key = await keyPair(it.folder, "key", generateKeyPairSync("ed25519"));
    await outside.feeds.export(it.bundle, key.secret);
    const bytes = await readFile(it.bundle);
    const changed = join(it.folder, "changed.tar");
    await copyFile(`${it.bundle}.sig`, `${changed}.sig`);
    const manifestAt = bytes.indexOf('"sha256": "');
    const refusal = async (keys: readonly string[]) =>
      take(it.feeds, changed, { keys }).then(
        () => "taken",
        (error) => (error.code === "BAD_REQUEST" ? "refused" : error),
      );
    // In the manifest, in the database, and in the tar's own headers.
    for (const at of [manifestAt + 15, Math.floor(bytes.length / 2), bytes.length - 4000, 0, 130]) {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ 1;
      await writeFile(changed, copy);
      expect([at, await refusal([key.open]), await refusal([])]).toEqual([at, "refused", "refused"]);
    }
    for (const size of [0, 100, 600, Math.floor(bytes.length / 2)]) {
      await writeFile(changed, bytes);
      await truncate(changed, size);
      expect([size, await refusal([])]).toEqual([size, "refused"]);
    }
    await rm(changed);
    await expect(take(it.feeds, changed)).rejects.toThrow(
      `The bundle ${changed} cannot be read: there is no such file.`,
    );
    expect(await readPointer(it.services.database.read)).toBeNull();
  });

  test("that is older than what holds is refused without force", async () => {
    await using it = await install({});
    const newer = join(it.folder, "newer.tar");
    await outside.feeds.export(it.bundle, null);
    await using second = await install({ ruby: { ...ruby, source: sharedFeed("osv/npm/all.zip") } });
    await second.feeds.update(request);
    await second.feeds.export(newer, null);
    await take(it.feeds, newer);
    await expect(take(it.feeds, it.bundle)).rejects.toThrow("--force takes the older one");
    expect(await known(it.services)).toEqual(["ruby"]);
    await take(it.feeds, it.bundle, { force: true });
    expect(await known(it.services)).toEqual(["kev", "ruby"]);
  });

  describeUnless(missingCommands("openssl", "tar", "base64"), "signed", () => {
    test("can be verified by openssl alone, as the help says", async () => {
      await using home = await temporaryDirectory("openssl");
      const key = await keyPair(home.path, "key", generateKeyPairSync("ec", { namedCurve: "P-256" }));
      await outside.feeds.export(join(home.path, "b.tar"), key.secret);
      const verify = `tar -xOf b.tar manifest.json > manifest.json && base64 -d b.tar.sig > signature &&
        openssl dgst -sha256 -verify key.pub -signature signature manifest.json`;
      expect(await mustRun(["sh", "-c", verify], { cwd: home.path })).toBe("Verified OK\n");
    });
  });
});

describeUnless(s3Missing, "in a bucket", () => {
  test("a compiled database is put for all machines, fetched by each, and checked", async () => {
    await using home = await temporaryDirectory("shelf");
    await using s3 = await startS3();
    const objects = await openS3(s3.options());
    const file = join(home.path, "database");
    await writeFile(file, crypto.getRandomValues(new Uint8Array(60_000)));
    const version = "a".repeat(64);
    const stored = await new Shelf(objects, join(home.path, "one")).put(file, version);
    const manifest = { version, schema: 1, builtAt: 0, feeds: [] };
    const pointer = { version, ...stored, since: 0, manifest };
    const other = new Shelf(objects, join(home.path, "two"));
    expect(await readFile(await other.fetch(pointer))).toEqual(await readFile(file));
    await other.sweep(version, Date.now() + 7_200_000);
    expect(await Array.fromAsync(objects.list("breakwater"))).toHaveLength(1);
    const wrong = new Shelf(objects, join(home.path, "three")).fetch({ ...pointer, sha256: "0" });
    await expect(wrong).rejects.toThrow("in the storage is damaged");
  });
});
