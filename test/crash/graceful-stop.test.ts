import { expect, test } from "bun:test";
import { startBreakwater } from "../support/breakwater.ts";
import { digestOf, randomBytes } from "../support/image.ts";
import { expectStatus, openRepository, withDigest } from "../support/registry-client.ts";

test.each([1, 2])("SIGTERM to %p process(es) lets an upload that is under way end", async (workers) => {
  await using server = await startBreakwater({ http: true, workers });
  const repository = await openRepository(server, "library/stopping");
  const location = await repository.startUpload();
  const bytes = randomBytes(300_000);
  const begun = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes.slice(0, 100_000));
      begun.resolve();
      await Bun.sleep(1_500);
      controller.enqueue(bytes.slice(100_000));
      controller.close();
    },
  });
  const answer = repository.fetch(location, { method: "PATCH", body });
  await begun.promise;
  await Bun.sleep(300);
  const stopped = server.stop();
  await expectStatus(202, await answer);
  expect(await stopped).toBe(0);
  await server.start();
  const digest = digestOf(bytes);
  await expectStatus(201, await repository.fetch(withDigest(location, digest), { method: "PUT" }));
  expect(await repository.pullBlob(digest)).toEqual(bytes);
});
