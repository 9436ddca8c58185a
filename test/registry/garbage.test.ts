import { expect, test } from "bun:test";
import { blobKey } from "../../src/blobs/index.ts";
import { type Digest, digestOf, hour, minute, second } from "../../src/kernel/index.ts";
import type { CollectionReport } from "../../src/registry/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { jsonContent, OCI_MANIFEST } from "../support/image.ts";
import { app, caller, openRoom, other, push, type Room } from "./fixture.ts";

describeOnEngines("garbage", (open) => {
  const grace = 2 * hour;

  function collect(room: Room, dryRun = false): Promise<CollectionReport> {
    return room.registry.collector.collect({ grace, deleteUntagged: false, dryRun });
  }

  async function isStored(room: Room, digest: Digest): Promise<boolean> {
    return (await room.objects.stat(blobKey(digest))) !== null;
  }

  /** An image of one layer, which is its config too. */
  async function pushImage(
    room: Room,
    layer: string,
    tag: string,
  ): Promise<{ layer: Digest; manifest: Digest }> {
    const digest = await push(room.registry, layer);
    const descriptor = { mediaType: "application/octet-stream", digest, size: layer.length };
    const { bytes, mediaType } = jsonContent(OCI_MANIFEST, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: descriptor,
      layers: [descriptor],
    });
    const pushed = { content: bytes, contentType: mediaType, digest: null, tags: [tag] };
    const { digest: manifest } = await room.registry.manifests.put(caller, app, pushed);
    return { layer: digest, manifest };
  }

  test("what no manifest names goes after its grace, and not before", async () => {
    await using room = await openRoom(open);
    const digest = await push(room.registry, "orphan");
    room.pass(grace - minute);
    expect(await collect(room)).toEqual({ manifests: 0, unlinked: 0, deleted: 0, freed: 0 });
    room.pass(2 * minute);
    const expected = { manifests: 0, unlinked: 1, deleted: 1, freed: 6 };
    expect(await collect(room, true)).toEqual(expected);
    expect(await isStored(room, digest)).toBe(true);
    expect(await collect(room)).toEqual(expected);
    expect(await isStored(room, digest)).toBe(false);
    expect(await room.storageUsed()).toBe(0);
  });

  test("no bytes are removed after a database server may have given their lock away", async () => {
    await using room = await openRoom(open);
    const digest = await push(room.registry, "orphan");
    room.pass(grace + minute);
    const times: (number | undefined)[] = [];
    const { collector } = room.join(room.database, {
      async remove(key, time) {
        if (key === blobKey(digest)) times.push(time);
        await room.objects.remove(key);
      },
    });
    await collector.collect({ grace, dryRun: false });
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThan(0);
    expect(times[0]).toBeLessThanOrEqual(10 * second);
  });

  test("what a manifest names stays, however old, until the manifest is deleted and the grace is over", async () => {
    await using room = await openRoom(open);
    const { layer, manifest } = await pushImage(room, "layer", "latest");
    room.pass(1_000 * hour);
    expect(await collect(room)).toMatchObject({ unlinked: 0, deleted: 0 });
    await room.registry.manifests.delete(caller, app, manifest);
    expect(await collect(room)).toMatchObject({ unlinked: 0, deleted: 0 });
    expect(await isStored(room, layer)).toBe(true);
    room.pass(grace);
    expect(await collect(room)).toMatchObject({ unlinked: 2, deleted: 2 });
    expect(await isStored(room, layer)).toBe(false);
    expect(await isStored(room, manifest)).toBe(false);
    expect(await room.storageUsed()).toBe(0);
  });

  const revivals: Record<string, (room: Room, digest: Digest) => Promise<unknown>> = {
    "an upload": (room) => push(room.registry, "orphan"),
    "a mount": (room, digest) => room.registry.blobs.mount(app, app, digest),
    "a HEAD": (room, digest) => room.registry.blobs.get(app, digest),
    "a HEAD that has been answered before": async (room, digest) => {
      room.pass(-grace);
      await room.registry.blobs.get(app, digest);
      room.pass(grace);
      await room.registry.blobs.get(app, digest);
    },
  };

  for (const [by, revive] of Object.entries(revivals)) {
    test(`${by} revives what was about to go`, async () => {
      await using room = await openRoom(open);
      const digest = await push(room.registry, "orphan");
      room.pass(grace);
      await revive(room, digest);
      expect(await collect(room)).toMatchObject({ unlinked: 0, deleted: 0 });
      room.pass(grace - minute);
      expect(await collect(room)).toMatchObject({ unlinked: 0, deleted: 0 });
      expect(await isStored(room, digest)).toBe(true);
    });
  }

  test("a blob deleted from its repository is kept for its grace, and an upload brings it back", async () => {
    await using room = await openRoom(open);
    const digest = await push(room.registry, "deleted");
    await room.registry.blobs.delete(caller, app, digest);
    expect(room.registry.blobs.get(app, digest)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
    room.pass(grace - minute);
    expect(await collect(room)).toMatchObject({ deleted: 0 });
    await push(room.registry, "deleted");
    room.pass(grace - minute);
    expect(await collect(room)).toMatchObject({ deleted: 0 });
    expect((await room.registry.blobs.get(app, digest)).size).toBe(7);
  });

  test("one repository lets go of what another still shows", async () => {
    await using room = await openRoom(open);
    const digest = await push(room.registry, "shared");
    room.pass(grace);
    await push(room.registry, "shared", other);
    expect(await collect(room)).toEqual({ manifests: 0, unlinked: 1, deleted: 0, freed: 0 });
    expect(await room.storageUsed()).toBe(6);
    expect((await room.registry.blobs.get(other, digest)).size).toBe(6);
  });

  test("a push does not link what a collection has removed and could not commit", async () => {
    await using room = await openRoom(open);
    const content = "pushed by two";
    const digest = digestOf(content);
    const failing = room.join(room.database, {
      async remove(key) {
        await room.objects.remove(key);
        throw new Error("The connection ended.");
      },
    });
    const overtaken = room.join(room.database, {
      async move(from, to, size) {
        await room.objects.move(from, to, size);
        // Its claim ends with another's push, whose blob is garbage before it goes on.
        await push(room.registry, content);
        await room.registry.blobs.delete(caller, app, digest);
        room.pass(grace);
        await failing.collector.collect({ grace, dryRun: false }).catch(() => {});
        expect(await isStored(room, digest)).toBe(false);
      },
    });
    const refusal = await push(overtaken, content).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "UNAVAILABLE" });
    expect(room.registry.blobs.get(app, digest)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
    await push(room.registry, content);
    expect(await isStored(room, digest)).toBe(true);
    expect((await room.registry.blobs.get(app, digest)).size).toBe(content.length);
  });

  test("pushes and deletions during collections lose nothing that was acknowledged", async () => {
    await using room = await openRoom(open);
    const contents = Array.from({ length: 20 }, (_, index) => `layer ${index}`);
    let collecting = true;
    const collector = (async () => {
      while (collecting) {
        await room.registry.collector.collect({ grace: 0, deleteUntagged: false, dryRun: false });
        await Bun.sleep(1);
      }
    })();
    const pushers = Array.from({ length: 8 }, async (_, pusher) => {
      for (const [index, content] of contents.entries()) {
        // A grace of nothing takes the layer before its manifest comes; then a client pushes it again.
        const image = await pushImage(room, content, `t${pusher}-${index}`).catch(() => null);
        if (image === null) continue;
        expect(await isStored(room, image.layer)).toBe(true);
      }
    });
    await Promise.all(pushers).finally(async () => {
      collecting = false;
      await collector;
    });
    for (const content of contents) {
      const shown = await room.registry.blobs.get(app, digestOf(content)).catch(() => null);
      if (shown !== null) expect(await isStored(room, shown.digest)).toBe(true);
    }
  });
});
