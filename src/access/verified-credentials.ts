import { randomBytes } from "node:crypto";
import type { Version } from "../db/index.ts";
import { type Clock, Lru, minute } from "../kernel/index.ts";
import { mac } from "./keys.ts";
import type { Account } from "./principal.ts";

interface Entry {
  readonly account: Account;
  /** The database's version when the account was last read. */
  readonly version: Version;
  readonly verifiedAt: number;
}

/** After so long the password is verified, and the login recorded, anew. */
const lifetime = 5 * minute;

/**
 * Credentials that were right a short while ago, for clients that send them with every request. An entry holds
 * only as long as the account stands as it did: whenever anything was committed the account is read again.
 * Passwords are not in it: the key is an HMAC, with a key that this process made up.
 */
export class VerifiedCredentials {
  readonly #key = randomBytes(32);
  readonly #entries = new Lru<string, Entry>(10_000);
  readonly #clock: Clock;
  readonly #reload: (account: Account) => Promise<Account | null>;

  constructor(clock: Clock, reload: (account: Account) => Promise<Account | null>) {
    this.#clock = clock;
    this.#reload = reload;
  }

  /** What `get` and `set` know the credentials by. */
  keyOf(name: string, password: string): string {
    return mac(this.#key, `${name.length}:${name}${password}`, "base64url");
  }

  /** The account as it stands now, null if it must be proven again. `version`: the database's, asked just before. */
  async get(key: string, version: Version): Promise<Account | null> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    const account = entry.version === version ? entry.account : await this.#reload(entry.account);
    const now = this.#clock();
    const holds =
      account !== null &&
      account.proof === entry.account.proof &&
      (account.expiresAt === null || account.expiresAt > now) &&
      now - entry.verifiedAt < lifetime;
    if (!holds) {
      this.#entries.delete(key);
      return null;
    }
    if (entry.version !== version) this.#entries.set(key, { ...entry, account, version });
    return account;
  }

  /** `version` is the database's from before the account was read. */
  set(key: string, account: Account, version: Version): void {
    this.#entries.set(key, { account, version, verifiedAt: this.#clock() });
  }
}
