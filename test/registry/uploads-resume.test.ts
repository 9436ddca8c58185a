import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { uniqueName } from "../support/harbor.ts";
import { digestOf, randomBytes } from "../support/image.ts";
import { openRepository, type RepositoryClient, withDigest } from "../support/registry-client.ts";

let server: Breakwater;
beforeAll(async () => {
  server = await startBreakwater({ workers: 2 });
});
afterAll(() => server[Symbol.asyncDispose]());

const bytes = randomBytes(400_000);
const digest = digestOf(bytes);
const open = (): Promise<RepositoryClient> => openRepository(server, `library/${uniqueName("resume")}`);

/** Where the next byte goes, by the upload's status. */
async function offsetOf(repository: RepositoryClient, location: string): Promise<number> {
  const response = await repository.fetch(location);
  const last = Number(response.headers.get("range")?.split("-")[1]);
  return last === 0 ? 0 : last + 1;
}

async function finish(repository: RepositoryClient, location: string, from: number): Promise<void> {
  const response = await repository.fetch(withDigest(location, digest), {
    method: "PUT",
    headers: { "content-range": `${from}-${bytes.length - 1}` },
    body: bytes.slice(from),
  });
  expect(response.status).toBe(201);
  expect(await repository.pullBlob(digest)).toEqual(bytes);
}

/** Sends bytes as a body that breaks off behind them. */
async function breakOff(repository: RepositoryClient, location: string, sent: Uint8Array): Promise<void> {
  const controller = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    async start(stream) {
      stream.enqueue(sent);
      await Bun.sleep(200);
      controller.abort();
    },
  });
  const request = repository.fetch(location, { method: "PATCH", body, signal: controller.signal });
  await request.then(
    () => expect.unreachable("the request was answered"),
    () => {},
  );
}

test("chunks of one upload may come to different processes", async () => {
  const repository = await open();
  const location = await repository.startUpload();
  const chunk = 20_000;
  for (let start = 0; start < 380_000; start += chunk) {
    const response = await repository.fetch(location, {
      method: "PATCH",
      headers: { "content-range": `${start}-${start + chunk - 1}` },
      body: bytes.slice(start, start + chunk),
      keepalive: false,
    });
    expect(response.status).toBe(202);
  }
  await finish(repository, location, 380_000);
});

test("the end of an upload that a balancer sends once more is answered as before, where the blob is there", async () => {
  const repository = await open();
  const location = await repository.startUpload();
  await finish(repository, location, 0);
  const again = (to: RepositoryClient, of: string) =>
    to.fetch(withDigest(location.replace(repository.name, to.name), of), { method: "PUT", body: bytes });

  const repeated = await again(repository, digest);

  expect(repeated.status).toBe(201);
  expect(repeated.headers.get("docker-content-digest")).toBe(digest);
  expect((await again(repository, digestOf(randomBytes(10)))).status).toBe(404);
  expect((await again(await open(), digest)).status).toBe(404);
});

test("an upload whose connection broke goes on behind what had arrived", async () => {
  const repository = await open();
  const location = await repository.startUpload();
  await breakOff(repository, location, bytes.slice(0, 100_000));
  const offset = await eventually(
    () => offsetOf(repository, location),
    (reached) => reached > 0,
  );
  expect(offset).toBe(100_000);
  await finish(repository, location, offset);
});

for (const end of ["restart", "kill"] as const) {
  test(`an upload survives a ${end} of the server`, async () => {
    const repository = await open();
    const location = await repository.startUpload();
    await repository.fetch(location, { method: "PATCH", body: bytes.slice(0, 150_000) });
    if (end === "kill") await server.kill();
    await server.restart();
    const offset = await offsetOf(repository, location);
    expect(offset).toBe(150_000);
    await finish(repository, location, offset);
  });
}

test("an upload whose writer was killed within a chunk goes on behind what was acknowledged", async () => {
  const repository = await open();
  const location = await repository.startUpload();
  await repository.fetch(location, { method: "PATCH", body: bytes.slice(0, 50_000) });
  const cut = breakOff(repository, location, bytes.slice(50_000, 90_000));
  await Bun.sleep(100);
  await server.kill();
  await cut;
  await server.restart();
  const offset = await offsetOf(repository, location);
  expect(offset).toBeGreaterThanOrEqual(50_000);
  await finish(repository, location, offset);
}, 60_000);
