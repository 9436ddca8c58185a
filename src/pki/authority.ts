import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { day, hour, systemClock } from "../kernel/index.ts";
import { attempt, pemBlocks, refused } from "./certificate.ts";
import {
  createOnce,
  ensurePrivateDirectory,
  privateMode,
  publicMode,
  readText,
  replaceFile,
} from "./files.ts";

/** The certificate authority of this installation: clients trust its certificate, once, and with it the server's. */
export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
  /** Where the certificate lies, for people to hand to their clients. */
  readonly file: string;
}

const lifetime = 3650 * day;
/** The longest that a server's certificate may live, by the rule that browsers and Apple's systems enforce. */
export const serverLifetime = 398 * day;
/** Clocks differ: a certificate is valid from a little before it was made. */
export const clockSkew = hour;

/**
 * The authority in `directory`, made there at the first call: `ca.crt` and, for its owner alone, `ca.key`.
 * A certificate about to end is made anew with the same key and name, so that what trusts the old one trusts
 * the server until then. Throws CONFIG_INVALID when the files do not belong together.
 */
export async function ensureAuthority(directory: string, now: number = systemClock()): Promise<Authority> {
  await ensurePrivateDirectory(directory);
  const file = join(directory, "ca.crt");
  const keyFile = join(directory, "ca.key");
  // In this order: who makes them writes the key first, so a certificate without a key is no half-made pair.
  const text = await readText(file);
  const privateKey = await readText(keyFile);
  if (text === undefined) return create(file, keyFile, now);
  if (privateKey === undefined) {
    throw refused(
      `The authority's certificate is in ${file}, but its key ${keyFile} is missing. Restore the key, or remove the certificate to have a new authority made, which every client must then be told to trust.`,
    );
  }
  const key = parseKey(privateKey, keyFile);
  const parsed = attempt(`${file} holds no readable certificate.`, () => new X509Certificate(text));
  if (!parsed.checkPrivateKey(key)) {
    throw refused(`The authority's key ${keyFile} does not belong to its certificate ${file}.`);
  }
  if (parsed.validToDate.getTime() - now > serverLifetime) {
    return { certificate: pemBlocks(text, "CERTIFICATE").join(""), privateKey, file };
  }
  const renewed = await issue(privateKey, now);
  await replaceFile(file, renewed, publicMode);
  return { certificate: renewed, privateKey, file };
}

/** Of several processes at once one wins, for each file: all end with the same pair. */
async function create(file: string, keyFile: string, now: number): Promise<Authority> {
  const { generateKey } = await import("./issue.ts");
  const privateKey = await createOnce(keyFile, await generateKey(), privateMode);
  parseKey(privateKey, keyFile);
  const certificate = await createOnce(file, await issue(privateKey, now), publicMode);
  return { certificate, privateKey, file };
}

function parseKey(privateKey: string, keyFile: string): KeyObject {
  return attempt(`${keyFile} holds no readable private key.`, () => createPrivateKey(privateKey));
}

async function issue(privateKey: string, now: number): Promise<string> {
  const { issueAuthority } = await import("./issue.ts");
  return issueAuthority(privateKey, {
    notBefore: new Date(now - clockSkew),
    notAfter: new Date(now + lifetime),
  });
}
