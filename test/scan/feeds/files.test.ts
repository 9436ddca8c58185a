import { expect, test } from "bun:test";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchSource } from "../../../src/scan/feeds/sources/source.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { questionTo } from "./web-server.ts";

test("a file is read where it lies, and again when it has changed", async () => {
  await using home = await temporaryDirectory("feed-file");
  const file = join(home.path, "kev.json");
  await writeFile(file, "{}");
  const found = await fetchSource(questionTo(file, home.path));
  expect(found).toMatchObject({ path: file, sha256: Bun.CryptoHasher.hash("sha256", "{}", "hex") });
  const revision = found?.revision ?? null;
  expect(await fetchSource(questionTo(file, home.path, { revision }))).toBeNull();
  await writeFile(file, "[]");
  await utimes(file, 1, 1);
  expect((await fetchSource(questionTo(file, home.path, { revision })))?.sha256).not.toBe(found?.sha256);
});

test("a folder counts with all that is in it, wherever it lies", async () => {
  await using home = await temporaryDirectory("feed-folder");
  const fill = async (name: string) => {
    await mkdir(join(home.path, name, "sub"), { recursive: true });
    await writeFile(join(home.path, name, "b.json"), "b");
    await writeFile(join(home.path, name, "sub/a.json"), "a");
    return join(home.path, name);
  };
  const [one, two] = [await fill("one"), await fill("two")];
  const first = await fetchSource(questionTo(one, home.path));
  expect(first?.path).toBe(one);
  expect((await fetchSource(questionTo(two, home.path)))?.sha256).toBe(first?.sha256 ?? "");
  await writeFile(join(two, "sub/a.json"), "c");
  expect((await fetchSource(questionTo(two, home.path)))?.sha256).not.toBe(first?.sha256 ?? "");
});

test("what is not there, or is empty, is a sentence", async () => {
  await using home = await temporaryDirectory("feed-missing");
  const missing = fetchSource(questionTo(join(home.path, "none"), home.path));
  await expect(missing).rejects.toThrow(`${home.path}/none cannot be read: there is nothing.`);
  await expect(fetchSource(questionTo(home.path, home.path))).rejects.toThrow("is empty.");
});
