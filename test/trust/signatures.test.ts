import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { parseEnvelope, verifyThreshold } from "../../src/trust/tuf/envelope.ts";
import { canonicalKeyId, importKey, type PublicKey, publicKey } from "../../src/trust/tuf/keys.ts";
import { parseListing, verifyListing } from "../../src/trust/tuf/listings.ts";
import { verifyRoot } from "../../src/trust/tuf/root.ts";
import { isSignature } from "../../src/trust/tuf/signatures.ts";
import { delegationOf, verifyDelegation, verifyTargets } from "../../src/trust/tuf/targets.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { certifiedKey, ecdsaKey, ed25519Key, rsaKey, rsaWith, signed, type TestKey } from "./author.ts";
import { Side } from "./comparison.ts";
import { makeCertificate, missingNotary, NotaryClient, NotaryServer } from "./notary.ts";

const message = Buffer.from("a message");

/** Keys of every kind, with the method that they sign by. */
const kinds: Readonly<Record<string, () => TestKey | Promise<TestKey>>> = {
  Ed25519: ed25519Key,
  "ECDSA on P-224": () => ecdsaKey("P-224"),
  "ECDSA on P-256": () => ecdsaKey("P-256"),
  "ECDSA on P-384": () => ecdsaKey("P-384"),
  "ECDSA on P-521": () => ecdsaKey("P-521"),
  "RSA, PSS": () => rsaKey("rsapss"),
  "RSA, PKCS #1 v1.5": () => rsaKey("rsapkcs1v15"),
  "RSA, PSS, by its old name": pycryptoKey,
  "ECDSA in a certificate": () => certifiedKey({ commonName: "x" }),
  "RSA in a certificate": () => certifiedKey({ commonName: "x", rsa: 2048 }),
};

/** The legacy method's keys: `rsa`, in PEM. */
function pycryptoKey(): TestKey {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = pair.publicKey.export({ type: "spki", format: "pem" });
  return {
    public: publicKey("rsa", new Uint8Array(Buffer.from(pem))),
    method: "pycrypto-pkcs#1 pss",
    sign: rsaWith(pair.privateKey, "rsapss"),
  };
}

describe("signatures", () => {
  for (const [name, make] of Object.entries(kinds)) {
    test(`${name}: its own is taken, and nothing else`, async () => {
      const key = await make();
      const signature = key.sign(message);
      const takes = (method: string, of: PublicKey, value: Uint8Array, about: Uint8Array = message) =>
        isSignature(method, of, value, about);
      expect(takes(key.method, key.public, signature)).toBe(true);
      expect(takes(key.method.toUpperCase(), key.public, signature)).toBe(true);
      expect(takes(key.method, key.public, signature, Buffer.from("another"))).toBe(false);
      expect(takes(key.method, (await make()).public, signature)).toBe(false);
      const changed = Uint8Array.from(signature, (byte, index) => (index === 5 ? byte ^ 1 : byte));
      expect(takes(key.method, key.public, changed)).toBe(false);
      for (const length of [0, 1, signature.length - 1]) {
        expect(takes(key.method, key.public, signature.slice(0, length))).toBe(false);
      }
      expect(takes(key.method, key.public, Buffer.concat([signature, new Uint8Array(1)]))).toBe(false);
      for (const method of ["eddsa", "ecdsa", "rsapss", "rsapkcs1v15", "pycrypto-pkcs#1 pss", "", "none"]) {
        if (method !== key.method) expect(takes(method, key.public, signature)).toBe(false);
      }
      for (const type of ["ed25519", "ecdsa", "rsa", "ecdsa-x509", "rsa-x509", "other"]) {
        if (type === key.public.type) continue;
        expect(takes(key.method, publicKey(type, key.public.value), signature)).toBe(false);
      }
    });
  }

  test("an RSA key of less than 2048 bits signs nothing", () => {
    for (const method of ["rsapss", "rsapkcs1v15"] as const) {
      const key = rsaKey(method, 1024);
      expect(isSignature(method, key.public, key.sign(message), message)).toBe(false);
    }
  });

  test("the id of a key in a certificate is that of the key, once it is asked for without", async () => {
    const key = await certifiedKey({ commonName: "x" });
    const plain = importKey(key.public)?.export({ type: "spki", format: "der" });
    expect(canonicalKeyId(key.public)).toBe(publicKey("ecdsa", new Uint8Array(plain ?? [])).id);
    expect(canonicalKeyId(key.public)).not.toBe(key.public.id);
  });
});

describe("thresholds", () => {
  const roleOf = (threshold: number, ...keys: readonly TestKey[]) => ({
    name: "targets",
    threshold,
    keys: new Map(keys.map((key) => [key.public.id, key.public])),
  });
  const [a, b, stranger] = [ed25519Key(), ecdsaKey(), ed25519Key()];
  const verify = (content: Uint8Array, role: ReturnType<typeof roleOf>) => () =>
    verifyThreshold(parseEnvelope(content), role);

  test("are met by as many different keys", () => {
    expect(verify(signed({ x: 1 }, a, b), roleOf(2, a, b))).not.toThrow();
  });

  test("are not met by one key twice", () => {
    expect(verify(signed({ x: 1 }, a, a, a), roleOf(2, a, b))).toThrow("did not meet threshold for targets");
  });

  test("look at one signature of each key, the first", () => {
    const wrong = { ...a, sign: () => b.sign(message).slice(0, 64) };
    expect(verify(signed({ x: 1 }, wrong, a), roleOf(1, a))).toThrow("did not meet threshold");
    expect(verify(signed({ x: 1 }, a, wrong), roleOf(1, a))()).toEqual(new Set([a.public.id]));
    expect(verify(signed({ x: 1 }, a, wrong, b), roleOf(1, a, b))()).toEqual(
      new Set([a.public.id, b.public.id]),
    );
  });

  test("are not met by keys of other roles", () => {
    expect(verify(signed({ x: 1 }, a, stranger), roleOf(2, a, b))).toThrow("did not meet threshold");
  });

  test("below one are met by nobody", () => {
    expect(verify(signed({ x: 1 }, a), roleOf(0, a))).toThrow("did not meet threshold");
  });

  test("do not take a key under an id that is not its own", () => {
    const listed = { ...roleOf(1, a), keys: new Map([["f".repeat(64), a.public]]) };
    const renamed = { ...a, public: { ...a.public, id: "f".repeat(64) } };
    expect(verify(signed({ x: 1 }, renamed), listed)).toThrow("key ID is not valid for key content");
  });

  test("need a signature", () => {
    expect(verify(signed({ x: 1 }), roleOf(1, a))).toThrow("tuf: data has no signatures");
  });
});

describeUnless(missingNotary, "metadata of the original client and server", () => {
  let directory: TemporaryDirectory;
  let server: NotaryServer;
  let side: Side;
  const gun = "registry.example:8443/team/image";

  beforeAll(async () => {
    directory = await temporaryDirectory("vectors");
    const certificate = await makeCertificate(directory.path);
    server = await NotaryServer.start(certificate);
    side = new Side(server.url, certificate.certificate);
    await using client = await NotaryClient.create(server.url, certificate.certificate);
    const file = await client.file("content", "hello");
    await client.ok("init", gun, "-p");
    const alice = await client.delegationKey("alice");
    await client.ok("delegation", "add", gun, "targets/releases", alice, "--all-paths", "-p");
    await client.ok("add", gun, "1.0", file, "-p");
    await client.ok("add", gun, "2.0", file, "-r", "targets/releases", "-p");
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
  });

  const load = async (role: string) => {
    const response = await side.tuf(gun, `${role}.json`);
    expect(response.status).toBe(200);
    return new Uint8Array(await response.arrayBuffer());
  };

  test("verifies, every document of it", async () => {
    const [root, targets, releases, snapshot, timestamp] = await Promise.all(
      ["root", "targets", "targets/releases", "snapshot", "timestamp"].map(load),
    );
    if (!root || !targets || !releases || !snapshot || !timestamp) throw new Error("a document is missing");
    const now = Date.now();
    const trusted = verifyRoot(parseEnvelope(root), { gun, previous: null, now, allowExpired: false });
    const top = verifyTargets(parseEnvelope(targets), trusted.roles.targets, now);
    const delegated = verifyDelegation(parseEnvelope(releases), delegationOf(top, "targets/releases"), now);
    const documents = new Map([
      ["root", root],
      ["targets", targets],
      ["targets/releases", releases],
    ]);
    const listing = parseEnvelope(snapshot);
    verifyListing(listing, "snapshot", trusted.roles.snapshot, now, documents);
    const last = new Map([["snapshot", snapshot]]);
    verifyListing(parseEnvelope(timestamp), "timestamp", trusted.roles.timestamp, now, last);
    expect([...top.targets.keys()]).toEqual(["1.0"]);
    expect([...delegated.targets.keys()]).toEqual(["2.0"]);
    expect(parseListing(listing, "snapshot").meta.get("targets")?.length).toBe(targets.length);
  });

  test("does not verify for another GUN, or once a byte of it is changed", async () => {
    const root = await load("root");
    const context = { gun, previous: null, now: Date.now(), allowExpired: false };
    expect(() => verifyRoot(parseEnvelope(root), { ...context, gun: `${gun}2` })).toThrow(
      "unable to retrieve valid leaf certificates",
    );
    const changed = Buffer.from(Buffer.from(root).toString().replace('"threshold":1', '"threshold":2'));
    expect(() => verifyRoot(parseEnvelope(changed), context)).toThrow(
      "failed to validate integrity of roots",
    );
  });
});
