import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Access } from "../../../src/scan/feeds/feed.ts";
import type { Question } from "../../../src/scan/feeds/sources/question.ts";
import { fetchSource } from "../../../src/scan/feeds/sources/source.ts";
import { type Breakwater, startBreakwater } from "../../support/breakwater.ts";
import { digestOf, OCI_MANIFEST } from "../../support/image.ts";
import { openRepository } from "../../support/registry-client.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { openAccess, questionTo, startWebServer } from "./web-server.ts";

let server: Breakwater;
let digest: string;
let access: Access;

const layer = (bytes: Uint8Array, title?: string) => ({
  mediaType: "application/octet-stream",
  digest: digestOf(bytes),
  size: bytes.length,
  ...(title === undefined ? {} : { annotations: { "org.opencontainers.image.title": title } }),
});

beforeAll(async () => {
  server = await startBreakwater();
  const body = JSON.stringify({ project_name: "feeds", metadata: { public: "false" } });
  await server.api("/projects", { method: "POST", body, headers: { "content-type": "application/json" } });
  const repository = await openRepository(server, "feeds/go");
  const files = [Buffer.from("one"), Buffer.from("two")] as const;
  const empty = Buffer.from("{}");
  for (const bytes of [...files, empty]) await repository.pushBlob(bytes);
  const push = async (tag: string, layers: readonly object[]) => {
    const config = { ...layer(empty), mediaType: "application/vnd.oci.empty.v1+json" };
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
    const bytes = Buffer.from(JSON.stringify(manifest));
    return repository.pushManifest(tag, { bytes, mediaType: OCI_MANIFEST });
  };
  digest = await push("latest", [layer(files[0], "../../evil/all.json")]);
  await push("two", [layer(files[0], "a.json"), layer(files[1], "a.json")]);
  const login = { kind: "basic", ...server.admin } as const;
  access = { caBundle: server.caFile, proxy: () => false, login };
});
afterAll(() => server[Symbol.asyncDispose]());

/** What was found with its files' contents, or the failure's sentence. */
async function get(source: string, changes: Partial<Question> = {}) {
  await using folder = await temporaryDirectory("feed-oci");
  try {
    const found = await fetchSource(questionTo(source, folder.path, { access, ...changes }));
    const names = (await readdir(folder.path)).sort();
    const contents = await Promise.all(names.map((name) => readFile(join(folder.path, name), "utf8")));
    return found && { ...found, path: found.path.slice(folder.path.length), names, contents };
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(?:UNAVAILABLE|BAD_REQUEST)$/) });
    return (error as Error).message;
  }
}

describe("a feed from a registry", () => {
  test("is the artifact's layer, asked for only if the tag was moved", async () => {
    const source = `oci://${server.host}/feeds/go`;
    const found = await get(`${source}:latest`);
    expect(found).toMatchObject({ path: "/0-all.json", contents: ["one"], revision: digest });
    expect(await get(source, { revision: digest })).toBeNull();
    expect(await get(`${source}@${digest}`)).toMatchObject({ contents: ["one"] });
  });

  test("or all its layers, in a folder", async () => {
    const found = await get(`oci://${server.host}/feeds/go:two`);
    expect(found).toMatchObject({ path: "", names: ["0-a.json", "1-a.json"], contents: ["one", "two"] });
  });

  test("what is refused is a sentence", async () => {
    const source = `oci://${server.host}/feeds/go`;
    expect(await get(`${source}:none`)).toBe(`${source}:none is answered with 404.`);
    expect(await get(source, { access: { ...access, login: { kind: "none" } } })).toContain(
      "answered with 401. Give the username and the password of an account that may pull it.",
    );
    const login = { kind: "basic", username: "admin", password: "wrong" } as const;
    expect(await get(source, { access: { ...access, login } })).toContain(
      "gives no token for feeds/go (401)",
    );
    expect(await get(source, { access: { ...access, caBundle: null } })).toContain("cannot be read");
    for (const none of [`${source}@sha256:12`, `${source}/../go`, `${source}//go`, `${source}..go:one`]) {
      expect(await get(none)).toContain("names no artifact");
    }
    expect(await get(source, { limit: 2 })).toContain("It is larger than");
  });

  test("a layer or a manifest that is not what its digest says is refused", async () => {
    const bytes = Buffer.from("good");
    const config = layer(Buffer.from("{}"));
    const manifest = JSON.stringify({ schemaVersion: 2, config, layers: [layer(bytes)] });
    await using registry = startWebServer(
      ({ url }) => new Response(url.includes("/manifests/") ? manifest : "evil"),
    );
    const source = `oci+http://${new URL(registry.url).host}/a/b`;
    expect(await get(source, { access: openAccess })).toContain("has other content");
    for (const other of [`sha256:${"0".repeat(64)}`, `sha512:${"0".repeat(128)}`]) {
      expect(await get(`${source}@${other}`, { access: openAccess })).toContain(
        "has a manifest with the digest",
      );
    }
  });

  test("what is no manifest is refused", async () => {
    for (const answer of ["", "<html>", "{}", '{"layers":[]}', '{"layers":[{"digest":"../x","size":-1}]}']) {
      await using registry = startWebServer(() => new Response(answer));
      const source = `oci+http://${new URL(registry.url).host}/a/b`;
      expect(await get(source, { access: openAccess })).toContain("is no artifact with layers");
    }
  });
});
