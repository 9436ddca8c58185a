import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AzureOptions, openAzure, uploadKey } from "../../src/blobs/index.ts";
import { type AzureServer, startAzure } from "../support/azure.ts";
import { copyBlocks } from "../support/azure-copies.ts";
import { freePort } from "../support/ports.ts";
import { patterned, readAll } from "./object-store-suite.ts";

const MiB = 1024 * 1024;

describe("a container of Azure's", () => {
  let azure: AzureServer;
  beforeAll(async () => {
    azure = await startAzure();
  }, 30_000);
  afterAll(() => azure[Symbol.asyncDispose]());

  async function staged(options: AzureOptions, bytes: Uint8Array): Promise<string> {
    const key = uploadKey(crypto.randomUUID());
    const appender = await (await openAzure(options)).append(key, 0, { fence: 1, takenOver: false });
    await appender.write(bytes);
    await appender.flush();
    await appender.close();
    return key;
  }

  test("that several finish the same blob in at once has it whole, and all are told so", async () => {
    await using copying = await copyBlocks(azure);
    const options = [4, 5, 6, 7].map((size) =>
      azure.options({ endpoint: copying.endpoint, chunkSize: size * MiB }),
    );
    const bytes = patterned(17 * MiB + 3);
    const moves = options.map(async (own) => {
      const key = await staged(own, bytes);
      return async () => (await openAzure(own)).move(key, "moved/together", bytes.length);
    });
    await Promise.all((await Promise.all(moves)).map((move) => move()));
    const store = await openAzure(azure.options());
    expect(Buffer.from(bytes).equals(await readAll(store, "moved/together"))).toBe(true);
  }, 60_000);

  test("that Docker Distribution filled is read, and what is pushed again replaced", async () => {
    const container = azure.client.getContainerClient("images");
    const append = async (name: string) => {
      const blob = container.getAppendBlobClient(name);
      await blob.create();
      await blob.appendBlock("before", 6);
    };
    for (const name of ["old/link", "old/small", "old/large"]) await append(name);
    const store = await openAzure(azure.options());
    expect(Buffer.from((await store.get("old/link")) ?? "").toString()).toBe("before");
    await store.put("old/link", "after");
    expect(Buffer.from((await store.get("old/link")) ?? "").toString()).toBe("after");
    for (const [target, size] of [
      ["old/small", 1000],
      ["old/large", 9 * MiB],
    ] as const) {
      await store.move(await staged(azure.options(), patterned(size)), target, size);
      expect((await store.stat(target))?.size).toBe(size);
    }
  }, 30_000);

  test.each([
    ["container", { container: "nowhere" }, "there is no such container"],
    ["key", { accountKey: btoa("another") }, "Correct storage_service.azure.accountkey"],
    ["account", { account: "nobody" }, "there is no such account"],
    ["address", { endpoint: "http://127.0.0.1:1/breakwater" }, "nothing answers there"],
  ] as const)(
    "with a wrong %s is refused at the start, saying so",
    async (_, changes, message) => {
      const options = azure.options({ ...changes, patience: 100 });
      const account = "account" in changes ? { endpoint: options.endpoint.replace(/[^/]+$/, "nobody") } : {};
      const store = await openAzure({ ...options, ...account });
      const refusal = store.probe();
      await expect(refusal).rejects.toMatchObject({ code: "CONFIG_INVALID" });
      await expect(refusal).rejects.toThrow(message);
    },
    20_000,
  );

  test("that does not answer fails in time, saying so without the host's name", async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}/breakwater`;
    const store = await openAzure(azure.options({ endpoint, patience: 100 }));
    await expect(store.put("some/key", "x")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.not.stringContaining("127.0.0.1"),
    });
  }, 20_000);
});
