import type { Database } from "../db/index.ts";
import type { AuditEvent, AuditLog } from "../events/index.ts";
import { BreakwaterError, type Caller, type Clock, isRefusal } from "../kernel/index.ts";
import type { LoginThrottle } from "./login-throttle.ts";
import { type Account, anonymous, callerOf, type Principal } from "./principal.ts";
import type { Robots } from "./robots.ts";
import { Turns } from "./turns.ts";
import type { Users } from "./users.ts";
import { VerifiedCredentials } from "./verified-credentials.ts";

/** Where credentials come from. */
export type Client = Pick<Caller, "address" | "requestId">;

export interface CredentialsDependencies {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly users: Users;
  readonly robots: Robots;
  readonly throttle: LoginThrottle;
}

/** No account has a longer name. */
const maxNameLength = 640;

/** Finds out who somebody is by name and password, or by a robot's name and secret. */
export class Credentials {
  readonly #deps: CredentialsDependencies;
  readonly #verified: VerifiedCredentials;
  readonly #underWay = new Map<string, Promise<Account>>();
  /** The throttle is asked in turn: of a flood of guesses sent at once only so many can slip by it. */
  readonly #turns = new Turns(4, 256);

  constructor(deps: CredentialsDependencies) {
    this.#deps = deps;
    this.#verified = new VerifiedCredentials(deps.clock, (account) => this.#reload(account));
  }

  /**
   * For clients that send their credentials with each request. Right ones are remembered for some minutes, as
   * long as the account stands unchanged. Throws as `login` does.
   */
  async authenticate(name: string, password: string, client: Client): Promise<Principal> {
    const key = this.#verified.keyOf(name, password);
    // Asked before anything is read: what is committed in between makes the entry one to be checked.
    const version = await this.#deps.database.version();
    const known = await this.#verified.get(key, version);
    if (known !== null) return known.principal;
    let login = this.#underWay.get(key);
    if (login === undefined) {
      login = this.#login(name, password, client).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, login);
    }
    const account = await login;
    this.#verified.set(key, account, version);
    return account.principal;
  }

  /**
   * Verifies the credentials now, whatever is remembered, and records the login. Throws UNAUTHORIZED, or
   * TOOMANYREQUESTS with `retryAfter` (seconds) as its detail, without looking at the password.
   */
  async login(name: string, password: string, client: Client): Promise<Principal> {
    return (await this.#login(name, password, client)).principal;
  }

  #login(name: string, password: string, client: Client): Promise<Account> {
    // Control characters are in nobody's name, and not every engine stores them.
    const printable = name.slice(0, maxNameLength).replace(/\p{Cc}/gu, "\ufffd");
    // Read before others have their turn: who hangs up meanwhile has no address any more.
    const { address, requestId } = client;
    const attempt = new Attempt(printable, { address, requestId }, this.#deps);
    return this.#turns.run(() => attempt.run(password));
  }

  #reload({ principal }: Account): Promise<Account | null> {
    const { users, robots } = this.#deps;
    return principal.kind === "user" ? users.account(principal.id) : robots.account(principal.id);
  }
}

/** One login, with what is kept of it: the throttle's count and the audit record, in one transaction. */
class Attempt {
  readonly #name: string;
  readonly #client: Client;
  readonly #deps: CredentialsDependencies;

  constructor(name: string, client: Client, deps: CredentialsDependencies) {
    this.#name = name;
    this.#client = client;
    this.#deps = deps;
  }

  async run(password: string): Promise<Account> {
    const { database, audit, throttle } = this.#deps;
    const { address } = this.#client;
    await this.#mayTry();
    const account = await this.#verify(password);
    const principal = account?.principal ?? anonymous;
    await database.write(async (tx) => {
      if (account === null) await throttle.failed(tx, this.#name, address);
      else await throttle.succeeded(tx, this.#name, address);
      const event = this.#event(account === null ? "wrong username or password" : null, principal.kind);
      await audit.record(tx, this.#caller(principal), event);
    });
    if (account !== null) return account;
    throw new BreakwaterError("UNAUTHORIZED", "The username or password is incorrect.");
  }

  async #mayTry(): Promise<void> {
    const { database, audit, throttle } = this.#deps;
    try {
      await throttle.check(database.read, this.#name, this.#client.address);
    } catch (error) {
      // A write for each would be what the flood is after.
      audit.gather(this.#caller(anonymous), this.#event("too many wrong passwords", "anonymous"));
      throw error;
    }
  }

  async #verify(password: string): Promise<Account | null> {
    const { users, robots, audit } = this.#deps;
    try {
      // A name with the robots' prefix may be a user's all the same; and a wrong secret takes as long as a wrong password.
      const robot = await robots.authenticate(this.#name, password);
      return robot ?? (await users.authenticate(this.#name, password));
    } catch (error) {
      if (isRefusal(error, "UNAUTHORIZED")) {
        await audit.recordNow(this.#caller(anonymous), this.#event(error.message, "robot"));
      }
      throw error;
    }
  }

  #caller(principal: Principal): Caller {
    return callerOf(principal, this.#client.address, this.#client.requestId);
  }

  #event(failure: string | null, kind: Principal["kind"]): AuditEvent {
    const event = {
      operation: "login",
      resourceType: kind === "robot" ? "robot" : "user",
      resource: this.#name,
      projectId: null,
    };
    return failure === null ? event : { ...event, outcome: "failure", detail: failure };
  }
}
