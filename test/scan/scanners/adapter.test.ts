import { describe, expect, test } from "bun:test";
import { Adapter } from "../../../src/scan/scanners/adapter/adapter.ts";
import { AdapterError } from "../../../src/scan/scanners/adapter/adapter-error.ts";
import { dataAsOf, reportTypeFor } from "../../../src/scan/scanners/adapter/metadata.ts";
import type { AdapterAccess } from "../../../src/scan/scanners/registration.ts";
import { AdapterServer, type Behaviour, problem, types } from "./adapter-server.ts";

function adapterOf({ url }: { url: string }, access: Partial<AdapterAccess> = {}): Adapter {
  return new Adapter({
    name: "Model",
    url,
    auth: "",
    credential: null,
    skipCertVerify: false,
    proxy: () => undefined,
    ...access,
  });
}

const request = {
  registry: { url: "http://registry.example", authorization: `Basic ${btoa("robot$a:secret")}` },
  artifact: { repository: "a/b", digest: "sha256:1", tag: "", mime_type: types.manifest, size: 1 },
  kind: "vulnerability",
  reportType: types.generic,
} as const;

/** What the adapter's misbehaviour is called. */
async function failure(behaviour: Behaviour, ask: (adapter: Adapter) => Promise<unknown>): Promise<string> {
  await using server = new AdapterServer(behaviour);
  try {
    await ask(adapterOf(server));
  } catch (error) {
    if (error instanceof AdapterError) return error.message;
    throw error;
  }
  throw new Error("It was taken.");
}

const metadata = (adapter: Adapter) => adapter.metadata();
const report = (adapter: Adapter) => adapter.report("1", "vulnerability", types.generic);

describe("an adapter that keeps to the rules", () => {
  test("is asked with the media types of version 1.0, one Accept, and one capability", async () => {
    await using server = new AdapterServer();
    server.pending = 1;
    const adapter = adapterOf(server);
    const known = await adapter.metadata();
    expect(known.scanner.name).toBe("Model");
    expect(reportTypeFor(known, "vulnerability", types.docker)).toBe(types.generic);
    expect(reportTypeFor(known, "sbom", types.manifest)).toBe(types.sbom);
    expect(reportTypeFor(known, "vulnerability", "application/vnd.cncf.helm.config.v1+json")).toBeNull();
    const id = await adapter.submit(request);
    // The 302 points to itself: who follows it never comes back.
    expect(await adapter.report(id, "vulnerability", types.generic)).toEqual({
      state: "pending",
      after: 1000,
    });
    expect(await adapter.report(id, "vulnerability", types.generic)).toMatchObject({ state: "ready" });
    expect(await adapter.report(id, "vulnerability", types.generic)).toEqual({ state: "gone" });
  });

  test("is shown the credential in its way", async () => {
    await using server = new AdapterServer();
    for (const [auth, header, value] of [
      ["Basic", "authorization", `Basic ${btoa("me:word")}`],
      ["Bearer", "authorization", "Bearer me:word"],
      ["APIKey", "x-scanneradapter-api-key", "me:word"],
    ] as const) {
      await adapterOf(server, { auth, credential: "me:word" }).metadata();
      expect(server.headers.at(-1)?.get(header)).toBe(value);
    }
  });

  test("may say when to come again, within bounds", async () => {
    for (const [headers, after] of [
      [{}, 5000],
      [{ "refresh-after": "7" }, 7000],
      [{ "retry-after": "8" }, 8000],
      [{ "refresh-after": "0" }, 1000],
      [{ "refresh-after": "86400" }, 60_000],
      [{ "refresh-after": "soon" }, 5000],
    ] as const) {
      await using server = new AdapterServer({ report: () => new Response(null, { status: 302, headers }) });
      expect(await report(adapterOf(server))).toEqual({ state: "pending", after });
    }
  });

  test("tells how old its data is", async () => {
    await using server = new AdapterServer();
    server.properties = {
      "harbor.scanner-adapter/vulnerability-database-updated-at": "2026-11-20T00:00:00Z",
    };
    expect(dataAsOf(await adapterOf(server).metadata())).toBe(Date.UTC(2026, 10, 20));
    server.properties = {};
    expect(dataAsOf(await adapterOf(server).metadata())).toBeNull();
  });
});

describe("an adapter that does not", () => {
  test("is not followed to other addresses", async () => {
    let asked = false;
    const note = () => {
      asked = true;
      return Response.json({});
    };
    await using elsewhere = new AdapterServer({ metadata: note, scan: note, report: note });
    const location = `${elsewhere.url}/api/v1/metadata`;
    const redirect = () => new Response(null, { status: 307, headers: { location } });
    expect(await failure({ metadata: redirect }, metadata)).toContain("redirect (307)");
    expect(await failure({ scan: redirect }, (adapter) => adapter.submit(request))).toContain(
      "redirect (307)",
    );
    expect(await failure({ report: redirect }, report)).toContain("redirect (307)");
    expect(asked).toBe(false);
  });

  test("is not listened to without end", async () => {
    const endless = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(2 ** 20).fill(32)),
        }),
      );
    expect(await failure({ metadata: endless }, metadata)).toContain("longer than 262144 bytes");
    expect(await failure({ report: endless }, report)).toContain("longer than 33554432 bytes");
  });

  test("is not waited for when it falls silent", async () => {
    const silent = () =>
      new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }));
    expect(await failure({ report: silent }, report)).toContain("silent for 5 s");
  }, 60_000);

  test("is told from one that is not there", async () => {
    const server = new AdapterServer();
    await server[Symbol.asyncDispose]();
    await expect(adapterOf(server).metadata()).rejects.toMatchObject({ passing: true });
  });

  test.each([
    ["", "not JSON"],
    ["<html>", "not JSON"],
    ["[]", "not valid"],
    ['{"scanner":{"name":"a","vendor":"b","version":"c"},"capabilities":[]}', "not valid"],
    ['{"scanner":{"name":"","vendor":"b","version":"c"},"capabilities":[{}]}', "not valid"],
  ])("says nothing by %p", async (body, said) => {
    expect(await failure({ metadata: () => new Response(body) }, metadata)).toContain(said);
  });

  test("is quoted, without what would confuse a log", async () => {
    const scan = () => Response.json({ error: { message: "no\nroom" } }, { status: 500 });
    expect(await failure({ scan }, (adapter) => adapter.submit(request))).toBe(
      'The scanner "Model" answered with 500: no room.',
    );
  });

  test("is quoted from both ends where it says much, and whole for the log", async () => {
    const noise = Array.from({ length: 200 }, (_, at) => `2026-11-30T04:00:45Z\tDEBUG\tline ${at}`).join(
      "\n",
    );
    const message = `running trivy: exit status 1: ${noise}\nFATAL\tunsupported schema:\n    run.go:411\n`;
    await using server = new AdapterServer({ report: () => problem(500, message) });
    const error = await report(adapterOf(server)).catch((cause: unknown) => cause);
    if (!(error instanceof AdapterError)) throw error;
    expect(error.message).toStartWith(
      'The scanner "Model" answered with 500: running trivy: exit status 1: ',
    );
    expect(error.message).toEndWith("FATAL unsupported schema: run.go:411.");
    expect(error.message.length).toBeLessThan(600);
    expect(error.answer).toBe(message);
    expect(error.passing).toBe(false);
  });

  test("may be behind a proxy that says that it will be back", async () => {
    for (const status of [502, 503, 504]) {
      const away = () => new Response("<html>", { status });
      await using server = new AdapterServer({ report: away, metadata: away });
      await expect(report(adapterOf(server))).rejects.toMatchObject({ passing: true });
      await expect(adapterOf(server).metadata()).rejects.toMatchObject({ passing: true });
    }
  });
});
