import { expect, test } from "bun:test";
import { revisionLinkKey, tagLinkKey } from "../../src/blobs/index.ts";
import type { Database } from "../../src/db/index.ts";
import type { Digest } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { jsonContent, OCI_INDEX, OCI_MANIFEST } from "../support/image.ts";
import { app, caller, openRoom, push, type Room } from "./fixture.ts";

describeOnEngines("links that a removal takes away which is undone", (open) => {
  /** The first change is made and undone; then `after` comes, and what it answers is whether it is made again. */
  function undoing(database: Database, after: () => Promise<boolean>): Database {
    let first = true;
    return {
      ...database,
      async write(work) {
        if (!first) return database.write(work);
        first = false;
        const undone = await database
          .write(async (tx) => {
            await work(tx);
            throw new Error("undone");
          })
          .catch((error) => error);
        if (await after()) return database.write(work);
        throw undone;
      },
    };
  }

  async function pushImage(room: Room): Promise<Digest> {
    const digest = await push(room.registry, "layer");
    const descriptor = { mediaType: "application/octet-stream", digest, size: 5 };
    const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers: [descriptor] };
    const { bytes } = jsonContent(OCI_MANIFEST, image);
    const pushed = { content: bytes, contentType: OCI_MANIFEST, digest: null, tags: ["v1"] };
    return (await room.registry.manifests.put(caller, app, pushed)).digest;
  }

  /** What the storage says of the image. */
  async function linksOf(room: Room, digest: Digest): Promise<readonly (string | undefined)[]> {
    const links = [revisionLinkKey(app, digest), tagLinkKey(app, "v1")];
    return (await Promise.all(links.map((key) => room.objects.get(key)))).map((link) => link?.toString());
  }

  test("are there again when it fails", async () => {
    await using room = await openRoom(open);
    const digest = await pushImage(room);
    const { manifests, tags } = room.join(undoing(room.database, async () => false));
    const deleted = await manifests.delete(caller, app, digest).catch((error) => error);
    expect(deleted).toMatchObject({ message: "undone" });
    expect(await linksOf(room, digest)).toEqual([digest, digest]);
    await tags.delete(caller, app, "v1");
    expect(await linksOf(room, digest)).toEqual([digest, undefined]);
  });

  test("are there again when it is made again, and then refused", async () => {
    await using room = await openRoom(open);
    const digest = await pushImage(room);
    const index = jsonContent(OCI_INDEX, {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [{ mediaType: OCI_MANIFEST, digest, size: 1 }],
    });
    const pushed = { content: index.bytes, contentType: OCI_INDEX, digest: null, tags: [] };
    const { manifests } = room.join(
      undoing(room.database, async () => {
        await room.registry.manifests.put(caller, app, pushed);
        return true;
      }),
    );
    const deleted = await manifests.delete(caller, app, digest).catch((error) => error);
    expect(deleted).toMatchObject({ code: "MANIFEST_IN_USE" });
    expect(await linksOf(room, digest)).toEqual([digest, digest]);
  });
});
