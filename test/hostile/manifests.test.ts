import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { refusal, refused } from "../registry/answers.ts";
import { isStored } from "../registry/storage.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { content, descriptor, digestOf, makeImage, OCI_INDEX, OCI_MANIFEST } from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { expectClean, expectUnharmed } from "./health.ts";
import { head, sendRaw } from "./raw.ts";

const maxSize = 4 * 1024 * 1024;
let server: Breakwater;
let repository: RepositoryClient;
beforeAll(async () => {
  server = await startBreakwater({ http: true });
  repository = await openRepository(server, "library/manifests");
});
afterAll(async () => {
  await expectUnharmed(server);
  await expectClean(server);
  await server[Symbol.asyncDispose]();
});

function put(
  body: string | Uint8Array<ArrayBuffer>,
  type = OCI_MANIFEST,
  reference = "bad",
): Promise<Response> {
  const headers = { "content-type": type };
  return repository.fetch(`/manifests/${reference}`, { method: "PUT", headers, body });
}

async function expectNothing(text: string): Promise<void> {
  expect(await isStored(server, digestOf(new TextEncoder().encode(text)))).toBe(false);
  expect((await repository.fetch("/manifests/bad")).status).toBe(404);
}

const unknown = { mediaType: "application/x", digest: `sha256:${"a".repeat(64)}`, size: 1 };

describe("a manifest is refused and not stored", () => {
  const manifests: Record<string, [string, string]> = {
    "that is nested without end": ["[".repeat(maxSize - 10), "400 MANIFEST_INVALID"],
    "that is nested two million deep": [
      "[".repeat(2_000_000) + "]".repeat(2_000_000),
      "400 MANIFEST_INVALID",
    ],
    "that opens objects without end": ['{"a":'.repeat(800_000), "400 MANIFEST_INVALID"],
    "that is one long string": [`"${"\\u0041".repeat(690_000)}"`, "400 MANIFEST_INVALID"],
    "that is one long number": ["9".repeat(maxSize - 1), "400 MANIFEST_INVALID"],
    "that is blank": [" ".repeat(maxSize), "400 MANIFEST_INVALID"],
    "with NUL around it": [`\0${JSON.stringify({})}\0`, "400 MANIFEST_INVALID"],
    "that is HTML": ["<!doctype html>", "400 MANIFEST_INVALID"],
    "with 30,000 layers that nobody has": [
      JSON.stringify({
        schemaVersion: 2,
        config: unknown,
        layers: Array.from({ length: 30_000 }, (_, n) => ({
          ...unknown,
          digest: `sha256:${String(n).padStart(64, "0")}`,
        })),
      }),
      "400 MANIFEST_BLOB_UNKNOWN",
    ],
    "with 100,000 layers": [
      `{"schemaVersion":2,"config":${JSON.stringify(unknown)},"layers":[${"{},".repeat(99_999)}{}]}`,
      "400 MANIFEST_INVALID",
    ],
    "with a prototype": [
      `{"__proto__":{"layers":[]},"constructor":{"prototype":{}},"schemaVersion":2,"config":${JSON.stringify(unknown)}}`,
      "400 MANIFEST_INVALID",
    ],
  };
  for (const [what, [text, expected]] of Object.entries(manifests)) {
    test(what, async () => {
      expect(await refused(await put(text))).toBe(expected);
      await expectNothing(text);
    });
  }

  test("that is larger than a manifest may be, whether or not it says so", async () => {
    const text = " ".repeat(maxSize + 1);
    expect(await refused(await put(text))).toBe("413 MANIFEST_TOO_LARGE");
    const streamed = await repository.fetch("/manifests/bad", {
      method: "PUT",
      headers: { "content-type": OCI_MANIFEST },
      body: new Blob([text]).stream(),
    });
    expect(await refused(streamed)).toBe("413 MANIFEST_TOO_LARGE");
    await expectNothing(text);
  });

  test("that breaks off", async () => {
    const request = head("PUT /v2/library/manifests/manifests/bad HTTP/1.1", {
      Authorization: `Bearer ${repository.token}`,
      "Content-Type": OCI_MANIFEST,
      "Content-Length": "1000",
    });
    await sendRaw(server, `${request}{"schemaVersion":2`, { patience: 200 });
    await expectNothing('{"schemaVersion":2');
  });

  test("whose digest is another", async () => {
    const { manifest } = await makeImage({ layers: 0 });
    const response = await put(manifest.bytes, manifest.mediaType, unknown.digest);
    const { code, detail } = await refusal(response);
    expect(code).toBe("DIGEST_INVALID");
    expect(detail).toEqual({ expected: unknown.digest, actual: manifest.digest });
    expect(await isStored(server, manifest.digest)).toBe(false);
  });
});

test("a manifest of exactly 4 MiB is taken and given back", async () => {
  const image = await makeImage({ layers: 1 });
  await repository.pushImage(image);
  const text = new TextDecoder().decode(image.manifest.bytes);
  const large = content(OCI_MANIFEST, new TextEncoder().encode(text.padEnd(maxSize)));
  await repository.pushManifest("large", large);
  expect((await repository.pullManifest("large")).digest).toBe(large.digest);
});

test("indexes of indexes that name the same again and again have a size all the same", async () => {
  const image = await makeImage({ layers: 1 });
  await repository.pushImage(image);
  let level = [image.manifest];
  for (let depth = 0; depth < 60; depth++) {
    level = ["a", "b"].map((name) => {
      const index = {
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: level.map(descriptor),
        annotations: { name },
      };
      return content(OCI_INDEX, new TextEncoder().encode(JSON.stringify(index)));
    });
    for (const index of level) await repository.pushManifest(index.digest, index);
  }
  const [top] = level;
  expect((await repository.pullManifest(top?.digest ?? "")).digest).toBe(top?.digest ?? "");
});
