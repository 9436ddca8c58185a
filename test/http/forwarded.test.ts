import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Server } from "bun";
import fc from "fast-check";
import { Exchange } from "../../src/http/exchange.ts";
import { readForwarded } from "../../src/http/forwarded.ts";
import { Networks } from "../../src/kernel/index.ts";

const proxies = new Networks(["10.0.0.0/8", "fd00::/8"]);
const read = (headers: Record<string, string>) => readForwarded(new Headers(headers), proxies);

describe("what a trusted proxy says of the client", () => {
  test.each([
    ["one proxy", "192.0.2.7", "192.0.2.7"],
    ["several proxies", "192.0.2.7, 10.0.0.2, 10.0.0.3", "192.0.2.7"],
    ["what the client wrote itself stays out of it", "203.0.113.1, 192.0.2.7", "192.0.2.7"],
    ["the client wrote a proxy's address", "10.0.0.9, 192.0.2.7, 10.0.0.2", "192.0.2.7"],
    ["the client is in the proxies' network", "10.0.0.8, 10.0.0.2", "10.0.0.8"],
    ["with a port", "192.0.2.7:40001", "192.0.2.7"],
    ["IPv6", "2001:db8::1", "2001:db8::1"],
    ["IPv6 with a port", "[2001:db8::1]:443", "2001:db8::1"],
    ["IPv4 within IPv6", "::ffff:192.0.2.7", "192.0.2.7"],
    ["garbage at the right", "192.0.2.7, unknown", null],
    ["garbage behind a proxy", "unknown, 10.0.0.2", "10.0.0.2"],
    ["an address that is none", "999.1.1.1", null],
    ["an interface's name", "fe80::1%eth0", null],
    ["empty", "", null],
    ["commas", ",,,", null],
    ["a host's name", "localhost", null],
  ])("its address: %s", (_, chain, address) => {
    expect(read({ "x-forwarded-for": chain }).address).toBe(address);
  });

  test.each([
    ["https", true],
    ["HTTPS", true],
    ["http", false],
    ["https, http", null],
    ["wss", null],
    ["", null],
  ])("its scheme: %j", (scheme, secure) => {
    expect(read({ "x-forwarded-proto": scheme }).secure).toBe(secure);
  });

  test.each([
    ["registry.example.com", "registry.example.com"],
    ["registry.example.com:8443", "registry.example.com:8443"],
    ["[2001:db8::1]:8443", "[2001:db8::1]:8443"],
    ["a.example, b.example", null],
    ["user@a.example", null],
    ["a.example/path", null],
    ['a.example"', null],
    ["a.example:port", null],
    ["a".repeat(300), null],
    ["", null],
  ])("the host that it asked for: %j", (host, expected) => {
    expect(read({ "x-forwarded-host": host }).host).toBe(expected);
  });

  test("nothing breaks it, and what it answers is an address", () => {
    const text = fc.string({ unit: fc.constantFrom(..."0123456789abcdef.:,[]% x") });
    fc.assert(
      fc.property(text, (chain) => {
        const { address } = read({ "x-forwarded-for": chain });
        expect(address === null || /^[\da-fA-F.:]+$/.test(address)).toBe(true);
      }),
    );
  });
});

describe("whose word counts", () => {
  let server: Server<undefined>;
  const entrance = { secure: false, proxies: new Networks([]) };
  beforeAll(() => {
    server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request, self) {
        const { address, secure, host } = new Exchange(request, self, "r1", entrance);
        return Response.json({ address, secure, host });
      },
    });
  });
  afterAll(() => server.stop(true));

  const ask = async (proxies: readonly string[]) => {
    entrance.proxies = new Networks(proxies);
    const headers = {
      "x-forwarded-for": "192.0.2.7",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "registry.example.com",
    };
    return (await fetch(server.url, { headers })).json();
  };

  test("a trusted proxy's", async () => {
    const forwarded = { address: "192.0.2.7", secure: true, host: "registry.example.com" };
    expect(await ask(["127.0.0.0/8"])).toEqual(forwarded);
  });

  test.each([
    ["where no proxy is trusted", []],
    ["where another is", ["192.0.2.0/24", "::1"]],
  ])("nobody's %s", async (_, proxies) => {
    expect(await ask(proxies)).toEqual({ address: "127.0.0.1", secure: false, host: server.url.host });
  });
});

test("who hangs up before the answer has an address all the same", async () => {
  const hungUp = new AbortController();
  const noted = Promise.withResolvers<string>();
  const entrance = { secure: false, proxies: new Networks([]) };
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request, self) {
      const exchange = new Exchange(request, self, "r1", entrance);
      const gone = new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      hungUp.abort();
      await gone;
      noted.resolve(exchange.address);
      return new Response();
    },
  });
  await fetch(server.url, { method: "DELETE", signal: hungUp.signal }).catch(() => {});
  expect(await noted.promise).toBe("127.0.0.1");
});
