import { expect, test } from "bun:test";
import { blobKey, uploadKey, uploadsPrefix } from "../../src/blobs/index.ts";
import type { Database } from "../../src/db/index.ts";
import { digestOf, second } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { app, bodyOf, openRoom, other, push, type Room } from "./fixture.ts";

describeOnEngines("uploads and the database", (open) => {
  async function staged({ objects }: Room): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of objects.list(uploadsPrefix)) keys.push(key);
    return keys;
  }

  /** A database whose next write can be made to fail. */
  function fragile(database: Database): { database: Database; breakNext(): void } {
    let broken = false;
    return {
      database: {
        ...database,
        write: (work) => {
          if (!broken) return database.write(work);
          broken = false;
          return Promise.reject(new Error("disk I/O error"));
        },
      },
      breakNext() {
        broken = true;
      },
    };
  }

  test("bytes that a process hashed, and that were not recorded, do not vouch for those of another", async () => {
    await using room = await openRoom(open);
    const { database, breakNext } = fragile(room.database);
    const one = room.join(database);
    const two = room.join();
    const upload = await one.uploads.begin(app, "user:1");
    const body = async function* () {
      yield* bodyOf("good bytes");
      breakNext();
    };
    await expect(one.uploads.append(upload, body(), null)).rejects.toThrow();
    room.pass(20 * second);
    await two.uploads.append(upload, bodyOf("evil bytes"), null);

    const finished = one.uploads.finish(upload, null, null, digestOf("good bytes"));

    await expect(finished).rejects.toMatchObject({ code: "DIGEST_INVALID" });
  });

  test("a process that was asleep while another took its upload over does not go on with it", async () => {
    await using room = await openRoom(open);
    const one = room.registry;
    const two = room.join();
    const upload = await one.uploads.begin(app, "user:1");
    const body = async function* () {
      yield* bodyOf("from the one");
      room.pass(20 * second);
      await two.uploads.append(upload, bodyOf("from the other"), null);
    };
    await expect(one.uploads.append(upload, body(), null)).rejects.toMatchObject({ code: "CONFLICT" });
    await two.uploads.finish(upload, null, null, digestOf("from the other"));
    expect(await room.objects.get(blobKey(digestOf("from the other")))).toEqual(
      Buffer.from("from the other"),
    );
  });

  test("an upload whose staged bytes are lost says so", async () => {
    await using room = await openRoom(open);
    const { uploads } = room.registry;
    const begun = await uploads.begin(app, "user:1");
    const upload = await uploads.append(begun, bodyOf("some bytes"), null);
    await room.objects.remove(uploadKey(upload.id));
    const restarted = room.join().uploads;
    const finished = restarted.finish(upload, null, null, digestOf("some bytes"));
    await expect(finished).rejects.toMatchObject({ code: "BLOB_UPLOAD_INVALID" });
    const appended = restarted.append(upload, bodyOf("more"), null);
    await expect(appended).rejects.toMatchObject({ code: "BLOB_UPLOAD_INVALID" });
  });

  for (const [moment, dies, again] of [
    ["before its bytes were in place", "before", null],
    ["when its bytes were in place", "after", null],
    ["before its bytes were in place, and whose last part is sent again,", "before", "second"],
    ["when its bytes were in place, and whose last part is sent again,", "after", "second"],
  ] as const) {
    test(`an upload whose request died ${moment} ends well when it is asked for again`, async () => {
      await using room = await openRoom(open);
      const digest = digestOf("first, second");
      let { uploads } = room.join(room.database, {
        async move(from, to, size) {
          if (dies === "after") await room.objects.move(from, to, size);
          throw new Error("killed");
        },
      });
      const upload = await uploads.append(await uploads.begin(app, "user:1"), bodyOf("first, "), null);
      await expect(uploads.finish(upload, bodyOf("second"), null, digest)).rejects.toThrow("killed");

      ({ uploads } = room.join());
      expect((await uploads.get(app, upload.id)).offset).toBe("first, second".length);
      await uploads.finish(upload, again === null ? null : bodyOf(again), null, digest);
      expect(await room.registry.blobs.get(app, digest)).toMatchObject({ size: "first, second".length });
      await expect(uploads.get(app, upload.id)).rejects.toMatchObject({ code: "BLOB_UPLOAD_UNKNOWN" });
    });
  }

  test("an upload whose request died is taken for no other blob than its own", async () => {
    await using room = await openRoom(open);
    const foreign = await push(room.registry, "ten bytes!", other);
    const dying = room.join(room.database, {
      async move(from, to, size) {
        await room.objects.move(from, to, size);
        throw new Error("killed");
      },
    }).uploads;
    const upload = await dying.append(await dying.begin(app, "user:1"), bodyOf("good bytes"), null);
    await expect(dying.finish(upload, null, null, digestOf("good bytes"))).rejects.toThrow("killed");

    const again = room.join().uploads.finish(upload, null, null, foreign);

    await expect(again).rejects.toMatchObject({ code: "BLOB_UPLOAD_INVALID" });
    await expect(room.registry.blobs.get(app, foreign)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
  });

  test("what lies in the place of a blob is looked at before an upload that died is taken for it", async () => {
    await using room = await openRoom(open);
    const digest = digestOf("good bytes");
    const dying = room.join(room.database, {
      async move(from, to, size) {
        await room.objects.move(from, to, size);
        await room.objects.put(to, "evil bytes");
        throw new Error("killed");
      },
    }).uploads;
    const upload = await dying.append(await dying.begin(app, "user:1"), bodyOf("good bytes"), null);
    await expect(dying.finish(upload, null, null, digest)).rejects.toThrow("killed");

    const again = room.join().uploads.finish(upload, null, null, digest);

    await expect(again).rejects.toMatchObject({ code: "BLOB_UPLOAD_INVALID" });
    await expect(room.registry.blobs.get(app, digest)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
  });

  test("what the quota does not allow is stored nowhere, however it was uploaded", async () => {
    await using room = await openRoom(open, 10);
    const { uploads } = room.registry;
    await expect(push(room.registry, "eleven byte")).rejects.toMatchObject({ code: "DENIED" });
    const upload = await uploads.begin(app, "user:1");
    await uploads.append(upload, bodyOf("eleven byte"), null);
    const finished = uploads.finish(upload, null, null, digestOf("eleven byte"));
    await expect(finished).rejects.toMatchObject({ code: "DENIED" });
    await expect(uploads.get(app, upload.id)).rejects.toMatchObject({ code: "BLOB_UPLOAD_UNKNOWN" });
    expect(await staged(room)).toEqual([]);
    expect(await room.objects.stat(blobKey(digestOf("eleven byte")))).toBeNull();
    expect(await room.storageUsed()).toBe(0);
  });

  test("a blob that the project holds already needs no room in its quota", async () => {
    await using room = await openRoom(open, 10);
    await push(room.registry, "ten bytes!");
    const { uploads } = room.registry;
    const upload = await uploads.begin(app, "user:1");
    await uploads.append(upload, bodyOf("ten bytes!"), null);
    await uploads.finish(upload, null, null, digestOf("ten bytes!"));
    expect(await room.storageUsed()).toBe(10);
  });

  test("a blob whose bytes were lost is mended by the next upload", async () => {
    await using room = await openRoom(open);
    const digest = await push(room.registry, "precious");
    await room.objects.remove(blobKey(digest));
    await push(room.registry, "precious");
    expect(await room.objects.get(blobKey(digest))).toEqual(Buffer.from("precious"));
    expect(await room.storageUsed()).toBe(8);
  });
});
