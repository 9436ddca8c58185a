import { describe, expect, test } from "bun:test";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { day } from "../../src/kernel/index.ts";
import {
  type Authority,
  certificateNames,
  ensureAuthority,
  ensureServerCertificate,
} from "../../src/pki/index.ts";
import { missingCommands, mustRun, run } from "../support/command.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const names = ["reg.example.com", "localhost", "127.0.0.1", "::1", "FD00::00:2"];

/** An authority in a directory of its own, and what makes certificates from it. */
async function setUp() {
  const home = await temporaryDirectory("certificate");
  const authority = await ensureAuthority(home.path);
  const ensure = (changes: { names?: string[]; now?: number; authority?: Authority } = {}) =>
    ensureServerCertificate({ directory: home.path, authority, names, ...changes });
  return { directory: home.path, authority, ensure, [Symbol.asyncDispose]: home[Symbol.asyncDispose] };
}

test("a certificate is made once, for 398 days, with its authority behind it", async () => {
  await using pki = await setUp();
  const made = await pki.ensure();
  expect(await pki.ensure({ names: names.toReversed() })).toEqual(made);
  expect(made.names).toEqual(["reg.example.com", "localhost", "127.0.0.1", "::1", "fd00::2"]);
  expect(made.certificate.endsWith(pki.authority.certificate)).toBe(true);
  expect(made.notAfter - made.notBefore).toBeLessThanOrEqual(398 * day);
  expect((await stat(join(pki.directory, "server.pem"))).mode & 0o777).toBe(0o600);
});

describe("it is made anew", () => {
  test("when two thirds of its life are over, and not before", async () => {
    await using pki = await setUp();
    const first = await pki.ensure();
    expect(await pki.ensure({ now: Date.now() + 264 * day })).toEqual(first);
    expect((await pki.ensure({ now: Date.now() + 266 * day })).certificate).not.toBe(first.certificate);
  });

  test("when the names are others", async () => {
    await using pki = await setUp();
    await pki.ensure();
    expect((await pki.ensure({ names: ["other.example.com"] })).names).toEqual(["other.example.com"]);
  });

  test("when the authority is another, or has a new certificate", async () => {
    await using pki = await setUp();
    await using elsewhere = await setUp();
    const first = await pki.ensure();
    const other = await pki.ensure({ authority: elsewhere.authority });
    expect(other.certificate.endsWith(elsewhere.authority.certificate)).toBe(true);
    const back = await pki.ensure();
    expect(back.certificate).not.toBe(first.certificate);
    const renewed = await ensureAuthority(pki.directory, Date.now() + 3400 * day);
    expect((await pki.ensure({ authority: renewed })).certificate.endsWith(renewed.certificate)).toBe(true);
  });

  test("when its file is damaged", async () => {
    await using pki = await setUp();
    const { privateKey } = await pki.ensure();
    await writeFile(join(pki.directory, "server.pem"), (await pki.ensure()).certificate.slice(0, 300));
    expect((await pki.ensure()).privateKey).not.toBe(privateKey);
  });
});

test("the names are those configured and this machine's own", () => {
  const all = certificateNames({ hostname: "reg.example.com", externalUrl: "https://[fd00::9]:8443" });
  expect(all).toEqual(expect.arrayContaining([...names.slice(0, 4), "fd00::9"]));
  expect(all.filter((name) => name.startsWith("fe80:"))).toEqual([]);
});

const missing = missingCommands("openssl");

describe.skipIf(missing !== undefined)(
  `OpenSSL's opinion${missing === undefined ? "" : ` [${missing}]`}`,
  () => {
    test("the chain is valid by the strict rules, for each name and for nothing else", async () => {
      await using pki = await setUp();
      await pki.ensure();
      const verify = (...options: string[]) =>
        run([
          "openssl",
          "verify",
          "-x509_strict",
          "-purpose",
          "sslserver",
          ...options,
          "-CAfile",
          pki.authority.file,
          join(pki.directory, "server.pem"),
        ]);
      for (const host of ["reg.example.com", "localhost"]) {
        expect(await verify("-verify_hostname", host)).toMatchObject({ code: 0 });
      }
      for (const ip of ["127.0.0.1", "::1", "fd00::2"])
        expect(await verify("-verify_ip", ip)).toMatchObject({ code: 0 });
      expect((await verify("-verify_hostname", "example.com")).code).not.toBe(0);
      expect((await verify("-verify_ip", "127.0.0.2")).code).not.toBe(0);
    });

    test("the extensions are RFC 5280's: usages, key identifiers that match, a positive serial number", async () => {
      await using pki = await setUp();
      await pki.ensure();
      const show = (file: string) =>
        mustRun(["openssl", "x509", "-in", join(pki.directory, file), "-noout", "-text"]);
      const [ca, leaf] = await Promise.all([show("ca.crt"), show("server.pem")]);
      const identifier = (text: string, which: string) =>
        new RegExp(`${which} Key Identifier:[^\\n]*\\n\\s*(?:keyid:)?([0-9A-F:]+)`).exec(text)?.[1];
      expect(ca).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
      expect(ca).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
      expect(leaf).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
      expect(leaf).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/);
      expect(leaf).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/);
      expect(leaf).toContain("Subject: O = Breakwater, CN = reg.example.com");
      expect(leaf).not.toMatch(/Serial Number:\s+\(Negative\)/);
      expect(identifier(leaf, "Authority")).toBe(identifier(ca, "Subject"));
      expect(identifier(leaf, "Subject")).not.toBe(identifier(ca, "Subject"));
    });

    test("a real listener is trusted by OpenSSL's client, over both versions of TLS and by name and address", async () => {
      await using pki = await setUp();
      const { certificate, privateKey } = await pki.ensure();
      using server = Bun.serve({
        port: 0,
        tls: { cert: certificate, key: privateKey },
        fetch: () => new Response("hello"),
      });
      for (const version of ["-tls1_2", "-tls1_3"]) {
        for (const check of [
          ["-verify_hostname", "localhost"],
          ["-verify_ip", "127.0.0.1"],
        ]) {
          const { code, output } = await run(
            [
              "openssl",
              "s_client",
              "-connect",
              `127.0.0.1:${server.port}`,
              "-CAfile",
              pki.authority.file,
              "-verify_return_error",
              version,
              ...check,
            ],
            { stdin: "Q\n" },
          );
          expect({ code, verified: output.includes("Verify return code: 0 (ok)") }).toEqual({
            code: 0,
            verified: true,
          });
        }
      }
      const ca = await readFile(pki.authority.file, "utf8");
      const answer = await fetch(`https://localhost:${server.port}/`, { tls: { ca }, keepalive: false });
      expect(await answer.text()).toBe("hello");
    });
  },
);
