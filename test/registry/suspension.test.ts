import { expect, test } from "bun:test";
import { sql } from "kysely";
import { blobKey, type ObjectStore } from "../../src/blobs/index.ts";
import { type Digest, minute, parseRepositoryName, systemCaller } from "../../src/kernel/index.ts";
import type { Registry } from "../../src/registry/index.ts";
import { type Content, content, descriptor, digestOf, jsonContent, OCI_MANIFEST } from "../support/image.ts";
import { bodyOf } from "./fixture.ts";
import { lagging } from "./lagging-store.ts";
import { openProcesses } from "./processes.ts";

const name = parseRepositoryName("library/app");
const layer = content("application/octet-stream", new TextEncoder().encode("a layer"));
const digest = layer.digest as Digest;
const all = { grace: 0, dryRun: false };

function bring(registry: Registry, { bytes, digest }: Content): Promise<void> {
  const body = (async function* () {
    yield bytes;
  })();
  return registry.uploads.takeWhole(name, "user:1", body, null, digest as Digest);
}

async function pushImage(registry: Registry): Promise<void> {
  await bring(registry, layer);
  const document = { schemaVersion: 2, config: descriptor(layer), layers: [descriptor(layer)] };
  const manifest = jsonContent(OCI_MANIFEST, document);
  const pushed = { content: manifest.bytes, contentType: OCI_MANIFEST, digest: null, tags: ["v1"] };
  await registry.manifests.put(systemCaller, name, pushed);
}

/** A process that is suspended the first time it changes a blob's file in the given way, and wakes up when told to. */
function suspendable(change: "remove" | "move") {
  const reached = Promise.withResolvers<void>();
  const woken = Promise.withResolvers<void>();
  const wrap = (objects: ObjectStore): ObjectStore => {
    const slow = lagging(objects, async () => {
      reached.resolve();
      await woken.promise;
    });
    const key = blobKey(digest);
    return {
      ...lagging(objects, async () => {}),
      ...(change === "remove"
        ? { remove: (at) => (at === key ? slow.remove(at) : objects.remove(at)) }
        : { move: (from, to, size) => (to === key ? slow : objects).move(from, to, size) }),
    };
  };
  return { wrap, reached: reached.promise, wake: woken.resolve };
}

test("a collector that is suspended for hours does not delete what was pushed anew since", async () => {
  await using processes = await openProcesses();
  const { wrap, reached, wake } = suspendable("remove");
  const other = processes.open();
  await bring(other, layer);
  processes.pass(minute);
  const collection = processes.open(wrap).collector.collect(all);
  await reached;
  processes.pass(120 * minute);
  const pushed = pushImage(other);
  // It either gets through while the collector sleeps, or waits for it.
  await Promise.race([pushed, Bun.sleep(500)]);
  wake();
  await Promise.all([pushed, collection]);
  const found = await other.blobs.get(name, digest);
  const bytes = await new Response(await other.blobs.body(found)).bytes();
  expect(digestOf(bytes)).toBe(layer.digest);
  expect(await processes.findings()).toEqual([]);
});

test("a push that is suspended until its bytes are collected is refused", async () => {
  await using processes = await openProcesses();
  const { wrap, reached, wake } = suspendable("move");
  const other = processes.open();
  const pushed = bring(processes.open(wrap), layer);
  await reached;
  processes.pass(120 * minute);
  expect(await other.collector.collect(all)).toMatchObject({ deleted: 1 });
  wake();
  await expect(pushed).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(other.blobs.get(name, digest)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
  await pushImage(other);
  expect(await processes.findings()).toEqual([]);
});

test("a push that is suspended while another goes on with its upload does not damage what is there", async () => {
  await using processes = await openProcesses();
  const other = processes.open();
  await pushImage(other);
  const { wrap, reached, wake } = suspendable("move");
  const slow = processes.open(wrap);
  const upload = await slow.uploads.begin(name, "user:1");
  const pushed = slow.uploads.finish(upload, bodyOf(layer.bytes), null, digest).catch((error) => error);
  await reached;
  processes.pass(minute);
  await other.uploads.append(await other.uploads.get(name, upload.id), bodyOf("more"), null);
  wake();
  await pushed;
  const bytes = await new Response(await other.blobs.body(await other.blobs.get(name, digest))).bytes();
  expect(digestOf(bytes)).toBe(layer.digest);
});

test("counters that are wrong do not make the collector delete what is needed", async () => {
  await using processes = await openProcesses();
  const registry = processes.open();
  await pushImage(registry);
  await processes.change(sql`update blob set links = 0, orphaned_at = 1`);
  await processes.change(sql`update repository_blob set refs = 0, orphaned_at = 1`);
  await registry.collector.collect(all);
  const found = await processes.findings();
  expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(["counter"]));
});
