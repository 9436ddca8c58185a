import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { startBreakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { openRepository, withDigest } from "../support/registry-client.ts";
import { s3Missing } from "../support/s3.ts";

const MiB = 1024 * 1024;
const size = 1024 * MiB;
/** Of the whole process, in bytes: far less than the layer, of which nothing may gather. */
const bound = 300e6;

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** A gigabyte without a gigabyte: one block again and again, each time with its number. */
function* blocks(): Generator<Uint8Array<ArrayBuffer>> {
  for (let number = 0; number < size / MiB; number++) {
    const block = new Uint8Array(MiB);
    new DataView(block.buffer).setUint32(0, number);
    yield block;
  }
}

describeUnless(s3Missing, "memory of a registry on S3", () => {
  test("stays bounded while a layer of 1 GiB is pushed and pulled", async () => {
    await using server = await startBreakwater({ storage: "s3", http: true });
    const repository = await openRepository(server, "library/large");
    let peak = 0;
    const watch = setInterval(async () => {
      peak = Math.max(peak, await residentBytes(server.pid).catch(() => 0));
    }, 50);
    const hasher = new Bun.CryptoHasher("sha256");
    for (const block of blocks()) hasher.update(block);
    const digest = `sha256:${hasher.digest("hex")}`;

    const left = blocks();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const { done, value } = left.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    const location = withDigest(await repository.startUpload(), digest);
    expect((await repository.fetch(location, { method: "PUT", body })).status).toBe(201);
    const pushed = peak;

    const pulled = await repository.fetch(`/blobs/${digest}`);
    const back = new Bun.CryptoHasher("sha256");
    for await (const piece of pulled.body ?? []) back.update(piece);
    expect(`sha256:${back.digest("hex")}`).toBe(digest);
    clearInterval(watch);
    console.log(`1 GiB over S3: at most ${pushed >> 20} MiB at the push, ${peak >> 20} MiB in all`);
    expect(peak).toBeLessThan(bound);
  }, 300_000);
});
