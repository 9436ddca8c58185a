import { expect, test } from "bun:test";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  ensureAuthority,
  ensureServerCertificate,
  readServerCertificate,
  type ServerCertificate,
  watchCertificate,
} from "../../src/pki/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Certificates named `0.example.com`, `1.example.com` … and a pair of files that a watch looks at. */
async function setUp() {
  const home = await temporaryDirectory("watch");
  const authority = await ensureAuthority(join(home.path, "ca"));
  const made = await Promise.all(
    [0, 1, 2].map((number) =>
      ensureServerCertificate({
        directory: join(home.path, `${number}`),
        authority,
        names: [`${number}.example.com`],
      }),
    ),
  );
  const [first, second, third] = made;
  if (first === undefined || second === undefined || third === undefined) throw new Error("three were made");
  const files = { certificate: join(home.path, "tls.crt"), privateKey: join(home.path, "tls.key") };
  const changes: string[] = [];
  const failures: string[] = [];
  const start = (onChange: (next: ServerCertificate) => void = () => {}) =>
    watchCertificate({
      current: first,
      load: () => readServerCertificate(files.certificate, files.privateKey),
      onChange(next) {
        onChange(next);
        changes.push(next.names.join());
      },
      onFailure: (error) => failures.push(String(error)),
    });
  const disposal = { [Symbol.asyncDispose]: home[Symbol.asyncDispose] };
  return { path: home.path, first, second, third, files, changes, failures, start, ...disposal };
}

async function write(
  directory: { certificate: string; privateKey: string },
  { certificate, privateKey }: ServerCertificate,
) {
  await writeFile(directory.certificate, certificate);
  await writeFile(directory.privateKey, privateKey);
}

test("new content is handed on, the same content is not", async () => {
  await using set = await setUp();
  await write(set.files, set.first);
  using watch = set.start();
  await watch.check();
  expect(set.changes).toEqual([]);
  await write(set.files, set.second);
  await watch.check();
  await watch.check();
  expect([set.changes, set.failures]).toEqual([["1.example.com"], []]);
});

test("a half-written pair is no news; one that stays is reported once, and the old certificate stays", async () => {
  await using set = await setUp();
  await write(set.files, set.first);
  using watch = set.start();
  await writeFile(set.files.certificate, set.second.certificate);
  await watch.check();
  expect(set.failures).toEqual([]);
  for (let look = 0; look < 3; look++) await watch.check();
  expect(set.failures).toHaveLength(1);
  expect(set.failures[0]).toContain("does not belong to the certificate");
  await writeFile(set.files.privateKey, set.second.privateKey);
  await watch.check();
  expect(set.changes).toEqual(["1.example.com"]);
});

test("an exchanged symbolic link is noticed, as Kubernetes does it", async () => {
  await using set = await setUp();
  const mount = join(set.path, "mount");
  for (const [name, certificate] of [
    ["v1", set.first],
    ["v2", set.second],
  ] as const) {
    await mkdir(join(mount, name), { recursive: true });
    await write(
      { certificate: join(mount, name, "tls.crt"), privateKey: join(mount, name, "tls.key") },
      certificate,
    );
  }
  await symlink("v1", join(mount, "..data"));
  await symlink("..data/tls.crt", join(mount, "tls.crt"));
  await symlink("..data/tls.key", join(mount, "tls.key"));
  set.files.certificate = join(mount, "tls.crt");
  set.files.privateKey = join(mount, "tls.key");
  using watch = set.start();
  await watch.check();
  await symlink("v2", join(mount, "..data_tmp"));
  await rename(join(mount, "..data_tmp"), join(mount, "..data"));
  await watch.check();
  expect(set.changes).toEqual(["1.example.com"]);
});

test("a change that cannot be put to use is tried again", async () => {
  await using set = await setUp();
  await write(set.files, set.third);
  let attempts = 0;
  using watch = set.start(() => {
    attempts++;
    if (attempts < 3) throw new Error("the port is taken");
  });
  for (let look = 0; look < 4; look++) await watch.check();
  expect([attempts, set.changes, set.failures]).toEqual([3, ["2.example.com"], ["Error: the port is taken"]]);
});

test("it looks by itself, until it is disposed of", async () => {
  let looks = 0;
  await using set = await setUp();
  const options = {
    current: set.first,
    load: async () => {
      looks++;
      return set.first;
    },
    onChange: () => {},
    onFailure: () => {},
    interval: 1,
  };
  {
    using _watch = watchCertificate(options);
    while (looks < 3) await Bun.sleep(1);
  }
  await Bun.sleep(5);
  const before = looks;
  await Bun.sleep(30);
  expect(looks).toBe(before);
});
