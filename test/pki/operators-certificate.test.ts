import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRefusal } from "../../src/kernel/index.ts";
import { readServerCertificate } from "../../src/pki/index.ts";
import { missingCommands, mustRun } from "../support/command.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const missing = missingCommands("openssl");

describe.skipIf(missing !== undefined)(
  `a certificate of the operator's${missing === undefined ? "" : ` [${missing}]`}`,
  () => {
    let home: TemporaryDirectory;
    const file = (name: string) => join(home.path, name);

    beforeAll(async () => {
      home = await temporaryDirectory("operator");
      const make = (name: string, ...key: string[]) =>
        mustRun([
          "openssl",
          "req",
          "-x509",
          ...key,
          "-nodes",
          "-keyout",
          file(`${name}.key`),
          "-out",
          file(`${name}.crt`),
          "-days",
          "9",
          "-subj",
          `/CN=${name}`,
          "-addext",
          "subjectAltName=DNS:reg.example.com,IP:10.0.0.1",
        ]);
      await make("rsa", "-newkey", "rsa:2048");
      await make("ec", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1");
      await make("ed", "-newkey", "ed25519");
      await mustRun(["openssl", "rsa", "-in", file("rsa.key"), "-traditional", "-out", file("pkcs1.key")]);
      await mustRun(["openssl", "ec", "-in", file("ec.key"), "-out", file("sec1.key")]);
      await mustRun([
        "openssl",
        "rsa",
        "-in",
        file("rsa.key"),
        "-aes128",
        "-passout",
        "pass:x",
        "-out",
        file("locked.key"),
      ]);
      await mustRun([
        "openssl",
        "rsa",
        "-in",
        file("rsa.key"),
        "-traditional",
        "-aes128",
        "-passout",
        "pass:x",
        "-out",
        file("locked-pkcs1.key"),
      ]);
      await writeFile(file("empty"), "");
      await writeFile(file("broken.crt"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
      await writeFile(file("broken.key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    });

    afterAll(() => home[Symbol.asyncDispose]());

    test.each([
      ["rsa.crt", "rsa.key"],
      ["rsa.crt", "pkcs1.key"],
      ["ec.crt", "ec.key"],
      ["ec.crt", "sec1.key"],
      ["ed.crt", "ed.key"],
    ])("%s with %s is taken", async (certificate, key) => {
      const taken = await readServerCertificate(file(certificate), file(key));
      expect(taken.names).toEqual(["reg.example.com", "10.0.0.1"]);
    });

    test.each([
      ["rsa.crt", "ec.key", "ec.key does not belong to the certificate in"],
      ["rsa.crt", "locked.key", "is encrypted"],
      ["rsa.crt", "locked-pkcs1.key", "is encrypted"],
      ["empty", "rsa.key", "empty holds no certificate in PEM form"],
      ["rsa.key", "rsa.key", "rsa.key holds no certificate in PEM form"],
      ["rsa.crt", "empty", "empty holds no private key in PEM form"],
      ["broken.crt", "rsa.key", "broken.crt cannot be read"],
      ["rsa.crt", "broken.key", "broken.key cannot be read"],
      ["nowhere", "rsa.key", "nowhere cannot be read (ENOENT)"],
    ])("%s with %s is refused", async (certificate, key, message) => {
      const error = await readServerCertificate(file(certificate), file(key)).catch(
        (reason: unknown) => reason,
      );
      expect(isRefusal(error, "CONFIG_INVALID")).toBe(true);
      expect(String(error)).toContain(message);
    });
  },
);
