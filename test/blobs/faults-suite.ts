import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type ObjectStore, uploadKey } from "../../src/blobs/index.ts";
import { type FaultyProxy, startFaultyProxy } from "../support/faulty-proxy.ts";
import { patterned, readAll } from "./object-store-suite.ts";

const MiB = 1024 * 1024;

export interface OpenHost extends AsyncDisposable {
  /** Where the service is. */
  readonly host: string;
  /** A store at what stands in front of it. */
  open(endpoint: string, changes?: { readonly patience: number }): Promise<ObjectStore>;
}

/** What every service of objects may do to its driver: `describeFaults("S3", start)`. */
export function describeFaults(name: string, start: () => Promise<OpenHost>): void {
  describe(`${name} that fails`, () => {
    let service: OpenHost;
    let proxy: FaultyProxy;
    let store: ObjectStore;

    beforeAll(async () => {
      service = await start();
      proxy = await startFaultyProxy(service.host);
      store = await service.open(proxy.endpoint);
    }, 30_000);
    afterAll(async () => {
      await proxy[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    });
    beforeEach(() => {
      proxy.choose = () => null;
    });

    /** The first `count` requests that match meet the fault. */
    function fail(count: number, pattern: RegExp, fault: ReturnType<FaultyProxy["choose"]>): void {
      let left = count;
      proxy.choose = (line) => (pattern.test(line) && left-- > 0 ? fault : null);
    }

    async function upload(bytes: Uint8Array): Promise<string> {
      const key = uploadKey(crypto.randomUUID());
      const appender = await store.append(key, 0, { fence: 1, takenOver: false });
      await appender.write(bytes);
      await appender.flush();
      await appender.close();
      return key;
    }

    test.each([500, 503, 429])("answers %d for a while: everything is tried again", async (status) => {
      fail(3, /./, { status });
      await store.put("faults/status", "stored");
      expect(Buffer.from((await store.get("faults/status")) ?? "").toString()).toBe("stored");
    });

    test("answers 503 for every second request of an upload and its move", async () => {
      const bytes = patterned(17 * MiB);
      let count = 0;
      proxy.choose = () => (count++ % 2 === 0 ? { status: 503 } : null);
      const key = await upload(bytes);
      await store.move(key, "faults/upload", bytes.length);
      proxy.choose = () => null;
      expect(Buffer.from(bytes).equals(await readAll(store, "faults/upload"))).toBe(true);
    }, 60_000);

    test("loses the answers of an upload's requests, which are then made twice", async () => {
      const bytes = patterned(11 * MiB);
      const lost = new Set<string>();
      proxy.choose = (line) => {
        if (lost.has(line)) return null;
        lost.add(line);
        return "lose-answer";
      };
      const key = await upload(bytes);
      await store.move(key, "faults/lost", bytes.length);
      proxy.choose = () => null;
      expect(Buffer.from(bytes).equals(await readAll(store, "faults/lost"))).toBe(true);
      expect(await store.stat(key)).toBeNull();
      // An upload whose begin was answered twice is left over, until it is swept.
      await store.sweep(Date.now() + 60_000);
    }, 60_000);

    test("is hidden by something that answers 200 without it: that counts as no answer", async () => {
      const bytes = patterned(6 * MiB);
      const fooled = new Set<string>();
      proxy.choose = (line) => {
        if (fooled.has(line)) return null;
        fooled.add(line);
        return "empty";
      };
      await store.put("faults/hidden", bytes);
      const key = await upload(bytes);
      await store.move(key, "faults/hidden-upload", bytes.length);
      proxy.choose = () => null;
      expect(Buffer.from(bytes).equals(await readAll(store, "faults/hidden"))).toBe(true);
      expect(Buffer.from(bytes).equals(await readAll(store, "faults/hidden-upload"))).toBe(true);
    }, 60_000);

    test("cuts connections in the middle of a download: it goes on behind what came", async () => {
      const bytes = patterned(9 * MiB);
      await store.put("faults/cut", bytes);
      fail(3, /^GET/, { cutAfter: MiB });
      const from = proxy.seen.length;
      expect(Buffer.from(bytes).equals(await readAll(store, "faults/cut"))).toBe(true);
      expect(proxy.seen.length - from).toBe(4);
    });

    test("brings no byte of a download any more: it fails, rather than pass for the whole", async () => {
      await store.put("faults/nothing", patterned(2 * MiB));
      fail(100, /^GET/, { cutAfter: 0 });
      await expect(readAll(store, "faults/nothing")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    });

    test("hangs: the request is given up and made anew", async () => {
      fail(1, /^(?:PUT|POST)/, "hang");
      await store.put("faults/hang", "stored");
      expect(Buffer.from((await store.get("faults/hang")) ?? "").toString()).toBe("stored");
    }, 30_000);

    test("is down for longer than our patience: UNAVAILABLE, within a bound, and nothing of what failed is kept", async () => {
      const impatient = await service.open(proxy.endpoint, { patience: 1000 });
      fail(1000, /./, { status: 503 });
      const begun = Date.now();
      await expect(impatient.put("faults/down", "x")).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining("status 503"),
      });
      const appender = await impatient.append(uploadKey(crypto.randomUUID()), 0, {
        fence: 1,
        takenOver: false,
      });
      appender.write(new Uint8Array(100));
      await expect(appender.flush()).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await appender.close();
      expect(() => appender.write(new Uint8Array(1))).toThrow();
      expect(Date.now() - begun).toBeLessThan(10_000);
      proxy.choose = () => null;
      expect(await store.get("faults/down")).toBeNull();
    }, 20_000);
  });
}
