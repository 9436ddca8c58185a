import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { BreakwaterError } from "../../../kernel/index.ts";

/** The kinds of keys that there are tools for everywhere, with the hash that goes with each. */
const hashes: Readonly<Record<string, string | null>> = { ed25519: null, ec: "sha256" };

/** Signs with the key in a PEM file, and answers the signature in Base64. Throws BAD_REQUEST. */
export async function signBytes(bytes: Uint8Array, keyFile: string): Promise<string> {
  const key = await readKey(keyFile, "private", createPrivateKey);
  return sign(hashOf(key), bytes, key).toString("base64");
}

/** True when one of the keys in these PEM files made the signature. Throws BAD_REQUEST for a file that holds no key. */
export async function isSignedBy(
  bytes: Uint8Array,
  signature: string,
  keyFiles: readonly string[],
): Promise<boolean> {
  const raw = Buffer.from(signature, "base64");
  for (const file of keyFiles) {
    const key = await readKey(file, "public", createPublicKey);
    if (verify(hashOf(key), bytes, key, raw)) return true;
  }
  return false;
}

function hashOf({ asymmetricKeyType }: KeyObject): string | null {
  return hashes[asymmetricKeyType ?? ""] ?? null;
}

async function readKey(
  file: string,
  kind: "private" | "public",
  parse: (pem: string) => KeyObject,
): Promise<KeyObject> {
  try {
    const key = parse(await readFile(file, "utf8"));
    if (Object.hasOwn(hashes, key.asymmetricKeyType ?? "")) return key;
  } catch (cause) {
    throw noKey(file, kind, cause);
  }
  throw noKey(file, kind);
}

function noKey(file: string, kind: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError(
    "BAD_REQUEST",
    `${file} is not a file with a ${kind} Ed25519 or ECDSA key in PEM form, without a pass phrase.`,
    { cause },
  );
}
