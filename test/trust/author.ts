import "reflect-metadata";
import { constants, generateKeyPairSync, KeyObject, sign as signWith } from "node:crypto";
import { BasicConstraintsExtension, cryptoProvider, X509CertificateGenerator } from "@peculiar/x509";
import { day } from "../../src/kernel/index.ts";
import { canonicalJson } from "../../src/trust/tuf/canonical-json.ts";
import { fileMetaOf } from "../../src/trust/tuf/hashes.ts";
import { keyJson, type PublicKey, publicKey } from "../../src/trust/tuf/keys.ts";

/** Somebody's key pair, as TUF has it. */
export interface TestKey {
  readonly public: PublicKey;
  readonly method: string;
  sign(message: Uint8Array): Uint8Array;
}

const spkiOf = (key: KeyObject) => new Uint8Array(key.export({ type: "spki", format: "der" }));

export function ed25519Key(): TestKey {
  const { publicKey: open, privateKey } = generateKeyPairSync("ed25519");
  return {
    public: publicKey("ed25519", spkiOf(open).slice(-32)),
    method: "eddsa",
    sign: (message) => signWith(null, message, privateKey),
  };
}

export function ecdsaKey(namedCurve = "P-256"): TestKey {
  const pair = generateKeyPairSync("ec", { namedCurve });
  return {
    public: publicKey("ecdsa", spkiOf(pair.publicKey)),
    method: "ecdsa",
    sign: ecdsaWith(pair.privateKey),
  };
}

export function rsaKey(method: "rsapss" | "rsapkcs1v15" = "rsapss", modulusLength = 2048): TestKey {
  const pair = generateKeyPairSync("rsa", { modulusLength });
  return { public: publicKey("rsa", spkiOf(pair.publicKey)), method, sign: rsaWith(pair.privateKey, method) };
}

function ecdsaWith(key: KeyObject) {
  return (message: Uint8Array) => signWith("sha256", message, { key, dsaEncoding: "ieee-p1363" });
}

export function rsaWith(key: KeyObject, method: "rsapss" | "rsapkcs1v15") {
  const padding =
    method === "rsapss"
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      : { padding: constants.RSA_PKCS1_PADDING };
  return (message: Uint8Array) => signWith("sha256", message, { key, ...padding });
}

export interface CertificateOptions {
  readonly commonName: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly authority?: boolean;
  readonly hash?: "SHA-1" | "SHA-256";
  readonly rsa?: number;
}

/** A root key as Notary has them: in a certificate, by default one good for a year. */
export async function certifiedKey(options: CertificateOptions): Promise<TestKey> {
  const { commonName, authority = false, hash = "SHA-256", rsa } = options;
  const algorithm =
    rsa === undefined
      ? { name: "ECDSA", namedCurve: "P-256" }
      : { name: "RSASSA-PKCS1-v1_5", modulusLength: rsa, publicExponent: new Uint8Array([1, 0, 1]), hash };
  cryptoProvider.set(crypto);
  const keys = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: [{ CN: [commonName] }],
    notBefore: options.notBefore ?? new Date(Date.now() - day),
    notAfter: options.notAfter ?? new Date(Date.now() + 365 * day),
    keys,
    signingAlgorithm: { ...algorithm, hash },
    extensions: [new BasicConstraintsExtension(authority, undefined, true)],
  });
  const privateKey = KeyObject.from(keys.privateKey);
  const value = new Uint8Array(Buffer.from(pem(Buffer.from(certificate.rawData))));
  return rsa === undefined
    ? { public: publicKey("ecdsa-x509", value), method: "ecdsa", sign: ecdsaWith(privateKey) }
    : {
        public: publicKey("rsa-x509", value),
        method: "rsapss",
        sign: rsaWith(privateKey, "rsapss"),
      };
}

/** As Go writes it, which takes the id of a key in a certificate from its own rendering of it. */
function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** Signed metadata as Notary's clients write it. */
export function signed(payload: object, ...keys: readonly TestKey[]): Uint8Array {
  const message = canonicalJson(payload);
  const signatures = keys.map((key) => ({
    keyid: key.public.id,
    method: key.method,
    sig: Buffer.from(key.sign(message)).toString("base64"),
  }));
  return Buffer.from(`{"signed":${Buffer.from(message)},"signatures":${JSON.stringify(signatures)}}`);
}

/**
 * In whole seconds: notary-server hashes what it makes of metadata when it reads and writes it, which leaves out
 * zeros at the end of a fraction.
 */
const time = (ahead: number) => new Date(Date.now() + ahead).toISOString().replace(/\.\d+Z$/, "Z");
export const inAYear = () => time(365 * day);
export const yesterday = () => time(-day);
export const soon = (seconds: number) => time(seconds * 1000);

export function roleOf(...keys: readonly PublicKey[]) {
  return { keyids: keys.map(({ id }) => id), threshold: 1 };
}

export function keysOf(...keys: readonly PublicKey[]) {
  return Object.fromEntries(keys.map(({ id, type, value }) => [id, keyJson(type, value)]));
}

/** Somebody who owns a repository: the keys, and payloads in which everything can be replaced. */
export class Author {
  readonly gun: string;
  readonly rootKey: TestKey;
  readonly targetsKey = ecdsaKey();
  readonly snapshotKey = ecdsaKey();

  constructor(gun: string, rootKey: TestKey) {
    this.gun = gun;
    this.rootKey = rootKey;
  }

  static async create(gun: string): Promise<Author> {
    return new Author(gun, await certifiedKey({ commonName: gun }));
  }

  /** `timestamp` is the server's. */
  root(timestamp: PublicKey, changes: object = {}): Record<string, unknown> {
    const [root, targets, snapshot] = [this.rootKey.public, this.targetsKey.public, this.snapshotKey.public];
    return {
      _type: "Root",
      consistent_snapshot: false,
      expires: inAYear(),
      keys: keysOf(root, targets, snapshot, timestamp),
      roles: {
        root: roleOf(root),
        targets: roleOf(targets),
        snapshot: roleOf(snapshot),
        timestamp: roleOf(timestamp),
      },
      version: 1,
      ...changes,
    };
  }

  targets(changes: object = {}): Record<string, unknown> {
    return {
      _type: "Targets",
      delegations: { keys: {}, roles: [] },
      expires: inAYear(),
      targets: {},
      version: 1,
      ...changes,
    };
  }

  snapshot(documents: Readonly<Record<string, Uint8Array>>, changes: object = {}): Record<string, unknown> {
    const meta = Object.entries(documents).map(([role, content]) => [role, fileMetaOf(content)]);
    return { _type: "Snapshot", expires: inAYear(), meta: Object.fromEntries(meta), version: 1, ...changes };
  }
}

/** A delegation as `targets` lists it. */
export function delegation(name: string, key: PublicKey, changes: object = {}) {
  return { name, paths: [""], ...roleOf(key), ...changes };
}

/** A target, signed with the hash of `content`. */
export function target(content: string) {
  return fileMetaOf(Buffer.from(content));
}
