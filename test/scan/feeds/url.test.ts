import { describe, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { ensureAuthority, ensureServerCertificate } from "../../../src/pki/index.ts";
import type { Question } from "../../../src/scan/feeds/sources/question.ts";
import { fetchSource } from "../../../src/scan/feeds/sources/source.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { openAccess, questionTo, startWebServer } from "./web-server.ts";

const sha256 = (text: string) => Bun.CryptoHasher.hash("sha256", text, "hex");

/** Asks for `url`, and answers what was found with its content, or the failure's sentence. */
async function get(url: string, changes: Partial<Question> = {}) {
  await using folder = await temporaryDirectory("feed-url");
  try {
    const found = await fetchSource(questionTo(url, folder.path, changes));
    return found === null ? null : { ...found, content: await readFile(found.path, "utf8") };
  } catch (error) {
    // What failed leaves nothing behind.
    expect(await readdir(folder.path)).toEqual([]);
    expect(error).toMatchObject({ code: "UNAVAILABLE" });
    return (error as Error).message;
  }
}

describe("a feed from a web server", () => {
  test("is fetched, hashed, and asked for only if it has changed", async () => {
    await using server = startWebServer((request) =>
      request.headers.get("if-none-match") === '"v1"'
        ? new Response(null, { status: 304 })
        : new Response("advisories", { headers: { etag: '"v1"' } }),
    );
    const found = await get(`${server.url}/all.zip?x=1`);
    expect(found).toMatchObject({
      content: "advisories",
      sha256: sha256("advisories"),
      revision: 'etag "v1"',
    });
    expect(await get(`${server.url}/all.zip`, { revision: 'etag "v1"' })).toBeNull();
  });

  test("by its time, where the server says no more", async () => {
    const time = "Sat, 21 Nov 2026 20:00:00 GMT";
    await using server = startWebServer((request) =>
      request.headers.get("if-modified-since") === time
        ? new Response(null, { status: 304 })
        : new Response("x", { headers: { "last-modified": time } }),
    );
    expect(await get(server.url)).toMatchObject({ revision: `modified ${time}` });
    expect(await get(server.url, { revision: `modified ${time}` })).toBeNull();
  });

  test("shows who asks, but not to another host", async () => {
    await using other = startWebServer(() => new Response("x"));
    await using server = startWebServer(({ url }) =>
      url.endsWith("/away") ? Response.redirect(`${other.url}/x`) : new Response("y"),
    );
    const login = { kind: "basic", username: "u", password: "p" } as const;
    const access = { ...openAccess, login };
    expect(await get(`${server.url}/here`, { access })).toMatchObject({ content: "y" });
    expect(await get(`${server.url}/away`, { access })).toMatchObject({ content: "x" });
    expect(server.requests.map(({ headers }) => headers.get("authorization"))).toEqual(
      Array(2).fill("Basic dTpw"),
    );
    expect(other.requests[0]?.headers.get("authorization")).toBeNull();
  });

  test("goes through the proxy", async () => {
    await using proxy = startWebServer(({ url }) => new Response(`through the proxy: ${url}`));
    const access = { ...openAccess, proxy: () => proxy.url };
    expect(await get("http://feeds.invalid/a", { access })).toMatchObject({
      content: "through the proxy: http://feeds.invalid/a",
    });
  });

  test("takes a private authority's certificate only where it is told to", async () => {
    await using home = await temporaryDirectory("feed-ca");
    const authority = await ensureAuthority(home.path);
    const names = ["localhost"];
    const { certificate, privateKey } = await ensureServerCertificate({
      directory: home.path,
      authority,
      names,
    });
    await using server = startWebServer(() => new Response("x"), { cert: certificate, key: privateKey });
    const access = { ...openAccess, caBundle: join(home.path, "ca.crt") };
    expect(await get(server.url, { access })).toMatchObject({ content: "x" });
    expect(await get(server.url)).toMatch(
      /cannot be read: .*\. If the authority .* \(ca_bundle, or --ca-bundle\)\.$/,
    );
    const none = { ...openAccess, caBundle: join(home.path, "none.crt") };
    expect(await get(server.url, { access: none })).toBe(
      `The authorities in ${none.caBundle} cannot be read: there is no such file.`,
    );
  });
});

describe("a failure is a sentence", () => {
  test("of a server that fails, has nothing, or redirects for ever", async () => {
    await using server = startWebServer(({ url }) => {
      const { pathname } = new URL(url);
      if (pathname === "/loop") return Response.redirect(url);
      if (pathname === "/down") return Response.redirect("ftp://elsewhere/");
      return pathname === "/empty" ? new Response("") : new Response("oops", { status: 503 });
    });
    expect(await get(`${server.url}/x`)).toBe(`${server.url}/x is answered with 503.`);
    expect(await get(`${server.url}/empty`)).toBe("What came is empty.");
    expect(await get(`${server.url}/loop`)).toContain("redirects again and again");
    expect(await get(`${server.url}/down`)).toContain("redirects to ftp://elsewhere/");
    expect(server.requests.filter(({ url }) => url.endsWith("/loop"))).toHaveLength(6);
  });

  test("of a server that says nothing changed without being asked", async () => {
    await using server = startWebServer(() => new Response(null, { status: 304 }));
    expect(await get(`${server.url}/x`)).toContain("is answered with 304");
  });

  test("of more than is taken", async () => {
    await using server = startWebServer(() => new Response("x".repeat(3_000_000)));
    expect(await get(server.url, { limit: 2 ** 20 })).toBe("It is larger than the 1 MiB that are taken.");
    expect(await get(server.url, { limit: 3_000_000 })).toMatchObject({ content: expect.any(String) });
  });

  test("of a server that falls silent, at once or midway", async () => {
    await using server = startWebServer(({ url }) => {
      if (url.endsWith("/at-once")) return new Promise<Response>(() => {});
      return new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(Buffer.from("a"));
            await Bun.sleep(10_000);
          },
        }),
      );
    });
    for (const path of ["/at-once", "/midway"]) {
      expect(await get(`${server.url}${path}`, { patience: 100 })).toBe(
        `${server.url} cannot be read: nothing came for 0.1 s.`,
      );
    }
  });

  test("of a connection that breaks off, or that nobody takes", async () => {
    const server = createServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"));
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await get(url)).toBe(`${url} cannot be read: it broke the connection off.`);
    await new Promise((resolve) => server.close(resolve));
    expect(await get(url)).toBe(`${url} cannot be read: it refuses the connection.`);
  });

  test("of an overall deadline", async () => {
    await using server = startWebServer(() => new Promise<Response>(() => {}));
    expect(await get(server.url, { signal: AbortSignal.timeout(50) })).toContain("timed out");
  });
});
