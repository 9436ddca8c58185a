import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { refusal } from "../registry/answers.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { digestOf, makeImage } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { expectClean, expectUnharmed, memoryOf, openFilesOf } from "./health.ts";
import { sendRaw } from "./raw.ts";

const MiB = 1024 * 1024;
let server: Breakwater;
let token: string;
let digests: string[];
let location: string;
beforeAll(async () => {
  server = await startBreakwater({ http: true });
  const repository = await openRepository(server, "library/fuzz");
  const image = await makeImage();
  await repository.pushImage(image, "latest");
  token = repository.token;
  digests = [image.manifest.digest, image.config.digest, digestOf(new Uint8Array(3))];
  location = await repository.startUpload();
});
afterAll(async () => {
  await expectUnharmed(server);
  await expectClean(server);
  await server[Symbol.asyncDispose]();
});

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "latest", "..", "%2e%2e", "%00", "-1", "0", "bytes=0-", "0-0", "*", "x".repeat(5_000)),
);
/** What a client that speaks HTTP can put into a header. */
const headerValue = text.map((value) => value.replace(/[^\x20-\x7e\xa0-\xff]/g, "").trim());
const reference = fc.oneof(
  fc.constantFrom("D0", "D1", "D2", "latest", "sha256:x"),
  text.map(encodeURIComponent),
);
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constant("library/fuzz") },
  fc.constantFrom(
    "library",
    "library/other",
    "nobody/here",
    "library/fuzz/blobs/uploads",
    "library/manifests/x",
  ),
  text.map(encodeURIComponent),
);
const path = fc
  .tuple(name, fc.constantFrom("manifests", "blobs", "referrers", "tags", "blobs/uploads", "x"), reference)
  .map(([repository, part, last]) => `/v2/${repository}/${part}/${last}`);
const place = fc.oneof(
  { weight: 6, arbitrary: path },
  fc.constantFrom(
    "UPLOAD",
    "/v2/",
    "/v2/_catalog",
    "/service/token",
    "/api/v2.0/projects",
    "/c/login",
    "/v2/library/fuzz/tags/list",
  ),
  text.map((value) => `/-${encodeURI(value.toWellFormed())}`),
);
const parameters = [
  "n",
  "last",
  "digest",
  "mount",
  "from",
  "tag",
  "artifactType",
  "scope",
  "service",
  "digest-algorithm",
];
const query = fc.dictionary(
  fc.constantFrom(...parameters),
  fc.oneof(reference, text.map(encodeURIComponent)),
  { maxKeys: 3 },
);
const headerNames = [
  "accept",
  "range",
  "content-range",
  "content-type",
  "if-none-match",
  "cookie",
  "x-harbor-csrf-token",
  "host",
  "expect-ct",
];
const request = fc.record({
  method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
  place,
  query,
  headers: fc.dictionary(fc.constantFrom(...headerNames), headerValue, { maxKeys: 3 }),
  authorization: fc.oneof({ weight: 5, arbitrary: fc.constant("TOKEN") }, fc.constant(""), headerValue),
  body: fc.oneof(fc.constant(""), text, fc.json(), fc.uint8Array({ maxLength: 10_000 })),
});

function known(template: string): string {
  return template
    .replace("UPLOAD", location)
    .replace(/D([012])/g, (_, index) => digests[Number(index)] ?? "");
}

async function send(sample: typeof request extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  const search = Object.entries(sample.query).map(([key, value]) => `${key}=${known(value)}`);
  const target = `${known(sample.place)}?${search.join("&")}`;
  const authorization = sample.authorization === "TOKEN" ? `Bearer ${token}` : sample.authorization;
  const withBody = !["GET", "HEAD"].includes(sample.method);
  const body = typeof sample.body === "string" ? new TextEncoder().encode(sample.body) : sample.body;
  const response = await server.fetch(target, {
    method: sample.method,
    headers: { ...sample.headers, ...(authorization === "" ? {} : { authorization }) },
    ...(withBody ? { body: new Uint8Array(body) } : {}),
  });
  expect(response.status, target).toBeLessThan(500);
  const isOci = new URL(response.url).pathname.startsWith("/v2/");
  if (response.status >= 400 && isOci && sample.method !== "HEAD") await refusal(response);
  else await response.arrayBuffer();
}

test("whatever is asked for is answered, or refused as the specification says", async () => {
  await fc.assert(fc.asyncProperty(request, send), { numRuns: 3_000 });
});

test("whatever bytes are sent, the server goes on", async () => {
  const start = fc.oneof(
    fc.constantFrom("GET /v2/ HTTP/1.1\r\n", "PUT /v2/library/fuzz/manifests/x HTTP/1.1\r\n", ""),
    text,
  );
  const line = fc.oneof(
    fc.constantFrom("Host: a\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "\r\n"),
    text,
  );
  await fc.assert(
    fc.asyncProperty(start, fc.array(line, { maxLength: 6 }), async (first, lines) => {
      const { statuses } = await sendRaw(server, [`${first}${lines.join("")}`], { patience: 15 });
      expect(statuses.filter((status) => status >= 500 && status !== 505)).toEqual([]);
    }),
    { numRuns: 300 },
  );
  expect((await server.fetch("/api/v2.0/ping")).status).toBe(200);
});

test("rounds of refusals let neither memory nor open files grow", async () => {
  const samples = fc.sample(request, { numRuns: 500, seed: 7 });
  const round = async () => {
    for (const sample of samples) await send(sample);
  };
  for (let warmUp = 0; warmUp < 3; warmUp++) await round();
  const memory = await memoryOf(server);
  const files = await openFilesOf(server);
  for (let rounds = 0; rounds < 6; rounds++) await round();
  expect(await memoryOf(server)).toBeLessThan(memory + 64 * MiB);
  expect(await openFilesOf(server)).toBeLessThan(files + 16);
});
