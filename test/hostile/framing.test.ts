import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { digestOf } from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { head, sendRaw } from "./raw.ts";

/** A request within another's body: an answer to it would be one that its sender never asked for. */
const smuggled = "GET /v2/_smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";

let server: Breakwater;
let repository: RepositoryClient;
let authorization: Record<string, string>;
beforeAll(async () => {
  server = await startBreakwater({ http: true });
  repository = await openRepository(server, "library/framing");
  authorization = { Authorization: `Bearer ${repository.token}` };
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(async () => {
  expect((await server.fetch("/api/v2.0/ping")).status).toBe(200);
});

describe("a request whose length can be read in two ways is refused, and its connection closed", () => {
  const shapes: Record<string, [Record<string, string>, string]> = {
    "a length and chunks": [
      { "Content-Length": "5", "Transfer-Encoding": "chunked" },
      `0\r\n\r\n${smuggled}`,
    ],
    "two lengths": [{ "Content-Length": "0\r\nContent-Length: 50" }, smuggled],
    "a list of lengths": [{ "Content-Length": "0, 50" }, smuggled],
    "an unknown coding": [{ "Transfer-Encoding": "xchunked" }, `0\r\n\r\n${smuggled}`],
    "chunks behind another coding": [{ "Transfer-Encoding": "chunked, identity" }, `0\r\n\r\n${smuggled}`],
    "two codings": [
      { "Transfer-Encoding": "chunked\r\nTransfer-Encoding: identity" },
      `0\r\n\r\n${smuggled}`,
    ],
    "a coding with a vertical tab": [{ "Transfer-Encoding": "\x0bchunked" }, `0\r\n\r\n${smuggled}`],
    "a space before the colon": [{ "Transfer-Encoding ": "chunked" }, `0\r\n\r\n${smuggled}`],
    "a folded line": [{ "X-Folded": "a\r\n Transfer-Encoding: chunked" }, smuggled],
    "a length below nothing": [{ "Content-Length": "-1" }, smuggled],
    "a length with a sign": [{ "Content-Length": "+5" }, "abcde"],
    "a length in hexadecimal": [{ "Content-Length": "0x5" }, "abcde"],
    "a length beyond all numbers": [{ "Content-Length": "9".repeat(40) }, "abcde"],
    "no length after all": [{ "Content-Length": "" }, smuggled],
    "a bare carriage return": [{ "X-Bare": "a\rContent-Length: 50" }, smuggled],
    "a NUL": [{ "X-Nul": "a\0b" }, ""],
  };
  for (const [what, [headers, body]] of Object.entries(shapes)) {
    test(what, async () => {
      const start = "POST /v2/library/framing/blobs/uploads/ HTTP/1.1";
      const request = head(start, { ...authorization, Connection: "keep-alive", ...headers });
      const { statuses, closed } = await sendRaw(server, request + body);
      expect(statuses).toEqual([400]);
      expect(closed).toBe(true);
    });
  }
});

describe("chunks that are none", () => {
  const target = `/v2/library/framing/blobs/uploads/?digest=${digestOf(new TextEncoder().encode("abc"))}`;
  const bodies = {
    "a size that is no number": "ZZ\r\nabc\r\n0\r\n\r\n",
    "a size beyond all numbers": "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
    "a size below nothing": "-3\r\nabc\r\n0\r\n\r\n",
    "more than its size": "3\r\nabcdef\r\n0\r\n\r\n",
  };
  for (const [what, body] of Object.entries(bodies)) {
    test(`${what} stores nothing`, async () => {
      const request = head(`POST ${target} HTTP/1.1`, { ...authorization, "Transfer-Encoding": "chunked" });
      const { statuses } = await sendRaw(server, request + body);
      expect(statuses.filter((status) => status < 400 || status >= 500)).toEqual([]);
      const digest = target.slice(target.indexOf("=") + 1);
      expect((await repository.fetch(`/blobs/${digest}`)).status).toBe(404);
    });
  }
});

describe("a body that the answer did not wait for is not taken for the next request", () => {
  const padding = "x".repeat(4_000);
  const requests = {
    "PUT /v2/library/framing/manifests/x": {},
    "GET /v2/library/framing/tags/list": {},
    "POST /nothing": {},
    "DELETE /api/v2.0/projects/1": {},
  };
  for (const start of Object.keys(requests)) {
    test(start, async () => {
      const body = `${padding}${smuggled}`;
      const headers = { Connection: "keep-alive", "Content-Length": String(body.length) };
      // The answer comes before the body does.
      const parts = [head(`${start} HTTP/1.1`, headers), padding, smuggled];
      const { statuses } = await sendRaw(server, parts, { pause: 150 });
      expect(statuses.length).toBeLessThanOrEqual(1);
      expect(statuses.every((status) => status >= 400 && status < 500)).toBe(true);
    });
  }
});

describe("what is no request of HTTP/1.1", () => {
  const requests = {
    "another protocol": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    "HTTP/2 without asking": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": "GET /v2/\r\n\r\n",
    "HTTP/9.9": "GET /v2/ HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "lines that end in a line feed": "GET /v2/ HTTP/1.1\nHost: localhost\n\n",
    "no Host": "GET /v2/ HTTP/1.1\r\n\r\n",
    "a method of two words": head("GET GET /v2/ HTTP/1.1"),
    "no method": head(" /v2/ HTTP/1.1"),
    "a path of no kind": head("GET v2/ HTTP/1.1"),
    "a path with NUL": head("GET /v2/\0 HTTP/1.1"),
    "a header of 100 kB": head("GET /v2/ HTTP/1.1", { "X-Long": "a".repeat(100_000) }),
    "a URL of 100 kB": head(`GET /v2/${"a".repeat(100_000)} HTTP/1.1`),
    "5,000 headers": head(
      "GET /v2/ HTTP/1.1",
      Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`X-${n}`, "a"])),
    ),
  };
  for (const [what, request] of Object.entries(requests)) {
    test(`${what} is refused`, async () => {
      const { statuses, closed } = await sendRaw(server, request);
      expect(statuses.filter((status) => status < 400 || (status >= 500 && status !== 505))).toEqual([]);
      expect(closed).toBe(true);
    });
  }

  for (const method of [
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "__proto__",
    "constructor",
    "get",
    "X".repeat(1_000),
  ]) {
    test(`the method ${method.slice(0, 20)} does nothing`, async () => {
      const request = head(`${method} /v2/library/framing/manifests/x HTTP/1.1`, authorization);
      const { statuses } = await sendRaw(server, request);
      expect(statuses.filter((status) => status < 400 || status >= 500)).toEqual([]);
    });
  }
});

test("an absolute URI leads here, whatever host it names", async () => {
  const request = head("GET http://evil.example/v2/library/nowhere/tags/list HTTP/1.1", authorization);
  expect((await sendRaw(server, request)).statuses).toEqual([401]);
});

test("requests sent one after the other without waiting are answered in their order", async () => {
  const one = head("GET /v2/ HTTP/1.1", { ...authorization, Connection: "keep-alive" });
  const other = head("GET /v2/library/UPPER/tags/list HTTP/1.1", { Connection: "keep-alive" });
  const last = head("GET /v2/ HTTP/1.1");
  expect((await sendRaw(server, one + other + last)).statuses).toEqual([200, 400, 401]);
});
