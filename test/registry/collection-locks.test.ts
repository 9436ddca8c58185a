import { expect, test } from "bun:test";
import { sql } from "kysely";
import { blobKey } from "../../src/blobs/index.ts";
import { digestOf, hour, second } from "../../src/kernel/index.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { openOnPostgresql } from "../support/engines.ts";
import { missingPostgresql } from "../support/postgresql.ts";
import { app, openRoom, push } from "./fixture.ts";

describeUnless(missingPostgresql(), "a collection whose connection to PostgreSQL ends", () => {
  test("removes no bytes after that: its locks have gone, and others push what it was about to remove", async () => {
    await using room = await openRoom(openOnPostgresql);
    const contents = Array.from({ length: 40 }, (_, i) => `blob ${i}`);
    for (const content of contents) await push(room.registry, content);
    room.pass(3 * hour);
    const removing = new Set<string>();
    const gate = Promise.withResolvers<void>();
    const { collector } = room.join(room.database, {
      async remove(key) {
        removing.add(key);
        if (key.includes("/blobs/sha256/")) await gate.promise;
        await room.objects.remove(key);
      },
    });
    const isWaiting = (content: string) => removing.has(blobKey(digestOf(content)));
    const collection = collector.collect({ grace: 2 * hour, dryRun: false }).catch(() => {});
    const deadline = Date.now() + 10 * second;
    while (!contents.some(isWaiting) && Date.now() < deadline) await Bun.sleep(10);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and state = 'idle in transaction'`.execute(room.database.read);
    const again = contents.filter((content) => !isWaiting(content)).slice(0, 3);
    for (const content of again) await push(room.registry, content);
    gate.resolve();
    await collection;
    for (const content of again) {
      const { key } = await room.registry.blobs.get(app, digestOf(content));
      expect(await room.objects.stat(key)).not.toBeNull();
    }
    expect(again).toHaveLength(3);
  });
});
