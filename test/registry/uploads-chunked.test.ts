import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { uniqueName } from "../support/harbor.ts";
import { digestOf, randomBytes } from "../support/image.ts";
import { openRepository, type RepositoryClient, withDigest } from "../support/registry-client.ts";
import { refused } from "./answers.ts";

let server: Breakwater;
beforeAll(async () => {
  server = await startBreakwater();
});
afterAll(() => server[Symbol.asyncDispose]());

const bytes = randomBytes(30_000);
const open = (): Promise<RepositoryClient> => openRepository(server, `library/${uniqueName("chunks")}`);

function sendChunk(
  repository: RepositoryClient,
  location: string,
  range: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const method = location.includes("digest=") ? "PUT" : "PATCH";
  return repository.fetch(location, { method, headers: { "content-range": range }, body });
}

test("chunks in their order become the blob, the last one with the PUT", async () => {
  const repository = await open();
  let location = await repository.startUpload();
  for (const start of [0, 10_000]) {
    const chunk = bytes.slice(start, start + 10_000);
    const response = await sendChunk(repository, location, `${start}-${start + 9_999}`, chunk);
    expect(response.status).toBe(202);
    expect(response.headers.get("range")).toBe(`0-${start + 9_999}`);
    location = response.headers.get("location") ?? "";
  }
  const last = withDigest(location, digestOf(bytes));
  const closed = await sendChunk(repository, last, "20000-29999", bytes.slice(20_000));
  expect(closed.status).toBe(201);
  expect(await repository.pullBlob(digestOf(bytes))).toEqual(bytes);
});

test("the unit that RFC 9110 asks for is taken too", async () => {
  const repository = await open();
  const location = await repository.startUpload();
  const response = await sendChunk(repository, location, "bytes 0-9/*", bytes.slice(0, 10));
  expect(response.status).toBe(202);
});

const misfits = {
  "leaves a gap": ["20000-29999", 10_000],
  "overlaps what is there": ["5000-14999", 10_000],
  "begins again": ["0-9999", 10_000],
  "is longer than its range": ["10000-10009", 10_000],
  "is shorter than its range": ["10000-99999", 10],
  "has its range the wrong way round": ["19999-10000", 10_000],
  "has no range in its range": ["all of it", 10],
  "has a negative range": ["-5-10", 10],
  "begins beyond all numbers": ["99999999999999999999-99999999999999999999", 1],
} as const;

for (const [what, [range, length]] of Object.entries(misfits)) {
  for (const method of ["PATCH", "PUT"]) {
    test(`a ${method} that ${what} is refused with where to go on, and changes nothing`, async () => {
      const repository = await open();
      const location = await repository.startUpload();
      await sendChunk(repository, location, "0-9999", bytes.slice(0, 10_000));
      const target = method === "PUT" ? withDigest(location, digestOf(bytes)) : location;

      const response = await sendChunk(repository, target, range, randomBytes(length));

      expect(response.headers.get("location")).toBe(location);
      expect(response.headers.get("range")).toBe("0-9999");
      expect(await refused(response)).toBe("416 RANGE_INVALID");
      const rest = withDigest(location, digestOf(bytes));
      expect((await sendChunk(repository, rest, "10000-29999", bytes.slice(10_000))).status).toBe(201);
      expect(await repository.pullBlob(digestOf(bytes))).toEqual(bytes);
    });
  }
}

test("bytes that were refused do not get into a blob, be it one that others have already", async () => {
  const [victim, repository] = [await open(), await open()];
  const digest = digestOf(bytes);
  await victim.pushBlob(bytes);
  const location = await repository.startUpload();
  await sendChunk(repository, location, "0-29999", bytes);
  // Announced are more than come.
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("refused"));
      controller.close();
    },
  });
  const headers = { "content-range": "30000-39999" };
  expect(await refused(await repository.fetch(location, { method: "PATCH", headers, body }))).toBe(
    "400 SIZE_INVALID",
  );
  expect((await repository.fetch(withDigest(location, digest), { method: "PUT" })).status).toBe(201);
  expect(await victim.pullBlob(digest)).toEqual(bytes);
  expect(await repository.pullBlob(digest)).toEqual(bytes);
});

test("the status says how far the upload is", async () => {
  const repository = await open();
  const location = await repository.startUpload();
  const status = async () => {
    const response = await repository.fetch(location);
    return [response.status, response.headers.get("range"), response.headers.get("location")];
  };
  expect(await status()).toEqual([204, "0-0", location]);
  await sendChunk(repository, location, "0-9999", bytes.slice(0, 10_000));
  expect(await status()).toEqual([204, "0-9999", location]);
});

test("an upload is known in its own repository only, and only while it lasts", async () => {
  const repository = await open();
  const other = await open();
  const location = await repository.startUpload();
  const elsewhere = location.replace(repository.name, other.name);
  for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
    const target = method === "PUT" ? withDigest(elsewhere, digestOf(bytes)) : elsewhere;
    expect(await refused(await other.fetch(target, { method }))).toBe("404 BLOB_UPLOAD_UNKNOWN");
  }
  expect(
    (await repository.fetch(withDigest(location, digestOf(bytes)), { method: "PUT", body: bytes })).status,
  ).toBe(201);
  expect(await refused(await repository.fetch(location))).toBe("404 BLOB_UPLOAD_UNKNOWN");
});
