import { expect, test } from "bun:test";
import { blobKey } from "../../src/blobs/index.ts";
import { digestOf, second } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { openRoom, push } from "./fixture.ts";

describeOnEngines("a repair while others push", (open) => {
  test("does not discard what is pushed while it looks", async () => {
    await using room = await openRoom(open);
    const digest = digestOf("unknown");
    await room.objects.put(blobKey(digest), "unknown");
    room.pass(second);
    let pushing: Promise<unknown> | undefined;
    const { fsck } = room.join(room.database, {
      // Between the look and the removal, for as long as a push takes that nothing holds up.
      async remove(key) {
        pushing ??= push(room.registry, "unknown");
        await Promise.race([pushing, Bun.sleep(second / 2)]);
        await room.objects.remove(key);
      },
    });
    const options = { deep: false, repair: true, discardUnknown: true, grace: 0 };
    await fsck.run({ ...options, onFinding: () => {} });
    expect(pushing).toBeDefined();
    await pushing;
    expect(await room.objects.stat(blobKey(digest))).not.toBeNull();
  });
});
