import type { Database } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import { type Clock, type Soon, soon } from "../kernel/index.ts";
import { Credentials } from "./credentials.ts";
import { deriveKey } from "./keys.ts";
import { LoginThrottle } from "./login-throttle.ts";
import { Passwords } from "./passwords.ts";
import { anonymous, type Principal } from "./principal.ts";
import { Robots } from "./robots.ts";
import { Sessions } from "./sessions.ts";
import { Standing } from "./standing.ts";
import { TemporaryRobots } from "./temporary-robots.ts";
import { Tokens, type Verification } from "./tokens.ts";
import { Users } from "./users.ts";
import type { VerifiedToken } from "./verified-token.ts";

export interface AccessOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /**
   * The installation's secret, at least 32 random bytes, the same for all processes and for good: the secrets
   * of robots are hashed with a key that comes from it.
   */
  readonly secret: Uint8Array;
  /** What the names of robots begin with: Harbor's is `robot$`. */
  readonly robotPrefix: string;
  /** See TokenOptions; the lifetime in seconds. */
  readonly token: { readonly issuer: string; readonly service: string; readonly lifetime: number };
  /** Milliseconds after its last use. */
  readonly sessionLifetime: number;
}

/** Who is who. What each may do in a project, the room `projects` knows. */
export interface Access {
  readonly users: Users;
  readonly robots: Robots;
  readonly temporaryRobots: TemporaryRobots;
  readonly credentials: Credentials;
  readonly tokens: Pick<Tokens, "issue">;
  readonly sessions: Sessions;
  /**
   * What is known of a bearer token: one whose account is gone, disabled or expired is invalid, whatever it says of
   * itself. Answers at once for a token that was seen before, as long as nothing was committed.
   */
  verify(token: string): Soon<Verification>;
  /** The bearer of a token as they stand now; null when the account is gone, disabled or expired. */
  principalOf(token: VerifiedToken): Promise<Principal | null>;
  /** Removes sessions, temporary robots and counts of failed logins that are over; for a schedule. */
  purge(): Promise<void>;
}

export function createAccess(options: AccessOptions): Access {
  const { database, audit, clock, secret } = options;
  const users = new Users(database, audit, clock, new Passwords());
  const robotOptions = { prefix: options.robotPrefix, key: deriveKey(secret, "robots") };
  const robots = new Robots(database, audit, clock, robotOptions);
  const temporaryRobots = new TemporaryRobots(database, clock, robotOptions);
  const throttle = new LoginThrottle(clock);
  const credentials = new Credentials({ database, audit, clock, users, robots, throttle });
  const tokens = new Tokens({ ...options.token, key: deriveKey(secret, "tokens") }, clock);
  const standing = new Standing(database, clock);
  const sessions = new Sessions(database, audit, clock, {
    csrfKey: deriveKey(secret, "csrf"),
    lifetime: options.sessionLifetime,
  });
  return {
    users,
    robots,
    temporaryRobots,
    credentials,
    tokens,
    sessions,
    verify: (text) =>
      soon(tokens.verify(text), (verified) => {
        if (verified.state === "invalid") return verified;
        return soon(standing.of(verified.token), (stands) => (stands ? verified : { state: "invalid" }));
      }),
    async principalOf({ kind, id }) {
      if (kind === "anonymous" || id === null) return anonymous;
      const account = kind === "user" ? await users.account(id) : await robots.account(id);
      if (account === null || (account.expiresAt !== null && account.expiresAt <= clock())) return null;
      return account.principal;
    },
    async purge() {
      await sessions.purge();
      await throttle.purge(database);
      await temporaryRobots.purge();
    },
  };
}
