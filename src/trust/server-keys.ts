import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
} from "node:crypto";
import type { Database, Tx } from "../db/index.ts";
import { type Clock, Lru } from "../kernel/index.ts";
import type { RoleKeys } from "./tuf/envelope.ts";
import { canonicalKeyId, keyJson, type PublicKey, publicKey } from "./tuf/keys.ts";
import type { Signer } from "./tuf/sign.ts";

/** The roles that the server can sign for. */
export type ServerRole = "snapshot" | "timestamp";

/** A key that the server can sign with. */
interface HeldKey {
  readonly key: PublicKey;
  readonly signer: Signer;
}

const algorithm = "aes-256-gcm";
const nonceLength = 12;
const tagLength = 16;

/**
 * The keys with which the server signs timestamps, and snapshots where clients ask it to (the contract, section 5).
 * Their private halves are encrypted with a key that comes from the installation's secret and is not in the
 * database. A key serves the GUN that it was made for and no other: Notary's metadata does not say which GUN it is
 * for, so that a key shared by two would let who may publish one sign for the other.
 */
export class ServerKeys {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #encryptionKey: Uint8Array;
  readonly #known = new Lru<string, HeldKey>(10_000);

  /** `secret` is the installation's, the same for good. */
  constructor(database: Database, clock: Clock, secret: Uint8Array) {
    this.#database = database;
    this.#clock = clock;
    this.#encryptionKey = new Uint8Array(
      hkdfSync("sha256", secret, new Uint8Array(), "breakwater/trust-keys/1", 32),
    );
  }

  /** The first of `role`'s keys that is held here; null when none is. */
  async held(gun: string, role: RoleKeys): Promise<PublicKey | null> {
    const [held] = await this.#find(gun, role);
    return held?.key ?? null;
  }

  /** A key that no published root names yet: the one that was last given out, else a new one. */
  async unused(gun: string, role: ServerRole): Promise<PublicKey> {
    const value = await this.#database.write(async (tx) => {
      const known = await tx
        .selectFrom("tuf_key")
        .select("public")
        .where("gun", "=", gun)
        .where("role", "=", role)
        .where("used", "=", 0)
        .executeTakeFirst();
      if (known !== undefined) return known.public;
      const made = this.#generate(gun, role);
      await tx.insertInto("tuf_key").values(made).execute();
      return made.public;
    });
    return publicKey("ed25519", value);
  }

  /** Takes note of the keys that a root names which is being published. */
  async markUsed(tx: Tx, gun: string, roles: readonly RoleKeys[]): Promise<void> {
    const ids = roles.flatMap((role) => [...role.keys.keys()]);
    if (ids.length === 0) return;
    await tx.updateTable("tuf_key").set({ used: 1 }).where("gun", "=", gun).where("id", "in", ids).execute();
  }

  /** Signers for those of `role`'s keys that are held here, and the canonical ids of the others. */
  async signers(gun: string, role: RoleKeys): Promise<{ signers: Signer[]; missing: string[] }> {
    const found = await this.#find(gun, role);
    const held = new Set(found.map(({ key }) => key.id));
    return {
      signers: found.map(({ signer }) => signer),
      missing: [...role.keys.values()].filter(({ id }) => !held.has(id)).map(canonicalKeyId),
    };
  }

  /** Those of `role`'s keys that are held here, by their ids. A key that was made stays. */
  async #find(gun: string, role: RoleKeys): Promise<readonly HeldKey[]> {
    const found: HeldKey[] = [];
    const unknown: string[] = [];
    for (const { id } of role.keys.values()) {
      const known = this.#known.get(placeOf(gun, id));
      if (known === undefined) unknown.push(id);
      else found.push(known);
    }
    for (const row of unknown.length === 0 ? [] : await this.#read(gun, unknown)) {
      const key = publicKey("ed25519", row.public);
      const held = { key, signer: this.#signer(gun, row.id, row.private) };
      this.#known.set(placeOf(gun, row.id), held);
      found.push(held);
    }
    return found.sort((a, b) => (a.key.id < b.key.id ? -1 : 1));
  }

  #read(gun: string, ids: readonly string[]) {
    return this.#database.read
      .selectFrom("tuf_key")
      .select(["id", "public", "private"])
      .where("gun", "=", gun)
      .where("id", "in", ids)
      .execute();
  }

  #generate(gun: string, role: ServerRole) {
    const pair = generateKeyPairSync("ed25519");
    const { x = "" } = pair.publicKey.export({ format: "jwk" });
    const value = new Uint8Array(Buffer.from(x, "base64url"));
    const { id } = publicKey("ed25519", value);
    const encrypted = this.#encrypt(gun, id, pair.privateKey.export({ type: "pkcs8", format: "der" }));
    return { gun, id, role, public: value, private: encrypted, used: 0, created_at: this.#clock() };
  }

  #signer(gun: string, id: string, encrypted: Uint8Array): Signer {
    const key = createPrivateKey({ key: this.#decrypt(gun, id, encrypted), format: "der", type: "pkcs8" });
    return { keyId: id, method: "eddsa", sign: (message) => sign(null, message, key) };
  }

  /** NIST SP 800-38D, with the key's place as what is authenticated: a row cannot be put in another's. */
  #encrypt(gun: string, id: string, plain: Uint8Array): Uint8Array {
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv(algorithm, this.#encryptionKey, nonce).setAAD(
      Buffer.from(placeOf(gun, id)),
    );
    const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
    return new Uint8Array(Buffer.concat([nonce, encrypted, cipher.getAuthTag()]));
  }

  /** Throws when the installation's secret is not the one that the key was encrypted with. */
  #decrypt(gun: string, id: string, stored: Uint8Array): Buffer {
    const nonce = stored.subarray(0, nonceLength);
    const decipher = createDecipheriv(algorithm, this.#encryptionKey, nonce)
      .setAAD(Buffer.from(placeOf(gun, id)))
      .setAuthTag(stored.subarray(-tagLength));
    return Buffer.concat([decipher.update(stored.subarray(nonceLength, -tagLength)), decipher.final()]);
  }
}

/** What the server answers for a key (the contract, section 5). */
export function describeKey(key: PublicKey): string {
  const { keytype, keyval } = keyJson(key.type, key.value);
  return JSON.stringify({ keytype, keyval: { public: keyval.public, private: keyval.private } });
}

function placeOf(gun: string, id: string): string {
  return JSON.stringify([gun, id]);
}
