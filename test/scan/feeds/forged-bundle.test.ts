import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { day, hour } from "../../../src/kernel/index.ts";
import { writeBundle } from "../../../src/scan/feeds/bundle/write.ts";
import { readPointer } from "../../../src/scan/feeds/pointer.ts";
import type { DatabaseManifest } from "../../../src/scan/vulndb/advisory.ts";
import { buildDatabase } from "../../../src/scan/vulndb/build.ts";
import { seal, sealBytes } from "../../../src/scan/vulndb/seal.ts";
import { openInstallation } from "../../support/installation.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { openAccess } from "./web-server.ts";

/** A bundle that is sealed and summed as it should be, with a manifest of anybody's making in it. */
async function bundleOf(folder: string, change: (manifest: DatabaseManifest) => unknown): Promise<string> {
  const target = join(folder, "forged.sqlite");
  await buildDatabase({
    ...{ target, previous: null, drop: [], builtAt: Date.now() },
    feeds: [
      {
        ...{ name: "f", format: "osv", source: "here", fetchedAt: Date.now(), sha256: "0", asOf: null },
        async *records() {
          yield { kind: "group", ecosystem: "npm" } as const;
        },
      },
    ],
  });
  await truncate(target, (await stat(target)).size - sealBytes);
  using database = new Database(target);
  const row = database.query<{ body: string }, []>("select body from manifest").get();
  const manifest = change(JSON.parse(row?.body ?? "")) as DatabaseManifest;
  database.run("update manifest set body = ?", [JSON.stringify(manifest)]);
  await seal(target);
  const out = join(folder, "forged.tar");
  await writeBundle({ file: target, manifest, lookedAt: new Map() }, out, null);
  return out;
}

async function outcome(change: (manifest: DatabaseManifest) => unknown): Promise<string> {
  await using home = await temporaryDirectory("forged");
  await using services = await openInstallation(home.path, { BREAKWATER_SCAN_FEEDS: "{}" });
  const from = await bundleOf(home.path, change);
  const told = await services.feeds
    .import({
      ...{ from, access: openAccess, keys: [], force: true, patience: 0, progress: () => {} },
      signal: new AbortController().signal,
    })
    .then(
      () => "taken",
      ({ code, message }) => `${code}: ${message}`,
    );
  if (told !== "taken") expect(await readPointer(services.database.read)).toBeNull();
  else await services.scan.vulnerabilities.refresh();
  return told;
}

test("a bundle whose manifest is none, or has a version that is no hash, replaces nothing", async () => {
  expect(await outcome((manifest) => manifest)).toBe("taken");
  const forgeries: readonly ((manifest: DatabaseManifest) => unknown)[] = [
    () => null,
    ({ feeds: _, ...manifest }) => manifest,
    (manifest) => ({ ...manifest, feeds: [{ name: "f" }] }),
    (manifest) => ({ ...manifest, version: "a/b" }),
    (manifest) => ({ ...manifest, version: "../../x" }),
    (manifest) => ({ ...manifest, builtAt: 9e15 }),
  ];
  for (const forgery of forgeries)
    expect(await outcome(forgery)).toMatch(/^FEED_INVALID: .* cannot be read\.$/);
});

test("a bundle with data of a time that has not come replaces nothing", async () => {
  const from = (ahead: number) => (manifest: DatabaseManifest) => ({
    ...manifest,
    feeds: manifest.feeds.map((feed) => ({ ...feed, fetchedAt: Date.now() + ahead })),
  });
  expect(await outcome(from(hour / 2))).toBe("taken");
  expect(await outcome(from(day))).toMatch(/^BAD_REQUEST: .*one of the two clocks is wrong/);
  const made = (manifest: DatabaseManifest) => ({ ...manifest, builtAt: Date.now() + day });
  expect(await outcome(made)).toMatch(/^BAD_REQUEST: .*one of the two clocks is wrong/);
});
