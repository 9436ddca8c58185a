import { generateSecret } from "./secrets.ts";
import { Turns } from "./turns.ts";

/** OWASP's first choice for argon2id: 19 MiB and two passes; some 30 ms, off the main thread. */
const cost = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** At once: each takes a core and 19 MiB. */
const concurrency = 4;

/** Longer ones cannot have been set; hashing them would only serve whoever wants the server busy. */
const maxBytes = 1024;

/** Hashes passwords and verifies them. */
export class Passwords {
  readonly #turns = new Turns(concurrency, 256);
  #nobodys: Promise<string> | undefined;

  /** In PHC form. */
  hash(password: string): Promise<string> {
    return this.#turns.run(() => Bun.password.hash(password, cost));
  }

  /**
   * True when `hash` is the password's. Without a hash, because there is no such account, the same work is
   * done in vain: the time it takes does not tell who exists.
   */
  async verify(password: string, hash: string | null): Promise<boolean> {
    if (password === "" || Buffer.byteLength(password) > maxBytes) return false;
    this.#nobodys ??= this.hash(generateSecret(32));
    const against = hash ?? (await this.#nobodys);
    const matches = await this.#turns.run(() => Bun.password.verify(password, against));
    return matches && hash !== null;
  }
}
