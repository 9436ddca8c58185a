import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { day } from "../../src/kernel/index.ts";
import { ensureAuthority } from "../../src/pki/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const mode = async (path: string) => (await stat(path)).mode & 0o777;

test("an authority is made once, its key for its owner alone, and found again", async () => {
  await using home = await temporaryDirectory("authority");
  const directory = join(home.path, "data/ca");
  const authority = await ensureAuthority(directory);
  expect(await ensureAuthority(directory)).toEqual(authority);
  expect(authority.file).toBe(join(directory, "ca.crt"));
  expect((await readdir(directory)).sort()).toEqual(["ca.crt", "ca.key"]);
  expect(await mode(directory)).toBe(0o700);
  expect(await mode(join(directory, "ca.key"))).toBe(0o600);
  const certificate = new X509Certificate(authority.certificate);
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  const years = (certificate.validToDate.getTime() - Date.now()) / (365 * day);
  expect(years).toBeCloseTo(10, 1);
});

test("processes that start at once end with the same authority", async () => {
  await using home = await temporaryDirectory("authority");
  const authorities = await Promise.all(Array.from({ length: 8 }, () => ensureAuthority(home.path)));
  expect(new Set(authorities.map(({ certificate }) => certificate)).size).toBe(1);
  expect(new Set(authorities.map(({ privateKey }) => privateKey)).size).toBe(1);
});

test("a start that was cut short after the key is completed with that key", async () => {
  await using home = await temporaryDirectory("authority");
  const { privateKey } = await ensureAuthority(home.path);
  await rm(join(home.path, "ca.crt"));
  expect((await ensureAuthority(home.path)).privateKey).toBe(privateKey);
});

test("a certificate about to end is made anew with the same key and name", async () => {
  await using home = await temporaryDirectory("authority");
  const old = await ensureAuthority(home.path);
  const renewed = await ensureAuthority(home.path, Date.now() + 3400 * day);
  expect(renewed.certificate).not.toBe(old.certificate);
  expect(renewed.privateKey).toBe(old.privateKey);
  const [before, after] = [new X509Certificate(old.certificate), new X509Certificate(renewed.certificate)];
  expect(after.subject).toBe(before.subject);
  expect(after.verify(before.publicKey)).toBe(true);
});

test("a key that is missing, foreign or damaged is refused, and nothing is overwritten", async () => {
  await using home = await temporaryDirectory("authority");
  await using other = await temporaryDirectory("authority");
  const { certificate } = await ensureAuthority(home.path);
  const { privateKey: foreign } = await ensureAuthority(other.path);
  const keyFile = join(home.path, "ca.key");
  await writeFile(keyFile, foreign);
  await expect(ensureAuthority(home.path)).rejects.toThrow(`${keyFile} does not belong to its certificate`);
  await writeFile(keyFile, "damaged");
  await expect(ensureAuthority(home.path)).rejects.toThrow("ca.key holds no readable private key");
  await rm(keyFile);
  await expect(ensureAuthority(home.path)).rejects.toThrow("is missing. Restore the key");
  expect(await readFile(join(home.path, "ca.crt"), "utf8")).toBe(certificate);
});
