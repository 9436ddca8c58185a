import { createSecretKey, type KeyObject, randomUUID } from "node:crypto";
import { errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { BreakwaterError, type Clock, hour, Lru, second } from "../kernel/index.ts";
import type { Principal } from "./principal.ts";
import { type TokenAccess, VerifiedToken } from "./verified-token.ts";

export interface TokenOptions {
  /** For HS256: 32 bytes. */
  readonly key: Uint8Array;
  /** The `iss` claim. */
  readonly issuer: string;
  /** The `aud` claim: the service that the registry names in its challenge. */
  readonly service: string;
  /** Seconds. */
  readonly lifetime: number;
}

/** What the token service answers (distribution, docs/spec/auth/token, "Token Response Fields"). */
export interface IssuedToken {
  readonly token: string;
  /** Seconds. */
  readonly expires_in: number;
  /** RFC 3339. */
  readonly issued_at: string;
}

/**
 * What is known of a token. `expired` is authentic all the same, and not older than a day: an upload that its
 * subject began may go on with it.
 */
export type Verification =
  | { readonly state: "valid"; readonly token: VerifiedToken }
  | { readonly state: "expired"; readonly token: VerifiedToken }
  | { readonly state: "invalid" };

const invalid: Verification = { state: "invalid" };

/** Longer ones do not fit into the headers that servers and proxies take. */
const maxLength = 8192;
/** How long an expired token is still good for going on with an upload. */
const grace = 24 * hour;
/** Several machines may serve one registry, and their clocks differ a little. */
const skew = 10;
/** Characters of tokens that are remembered as verified. */
const remembered = 16 * 1024 * 1024;

/**
 * Docker's bearer tokens (distribution, docs/spec/auth/jwt): signed by this installation for itself, with
 * HS256. A signature is checked once; after that the token's own text is the key to what was found in it.
 */
export class Tokens {
  readonly #key: KeyObject;
  readonly #options: TokenOptions;
  readonly #clock: Clock;
  readonly #verified = new Lru<string, VerifiedToken>(remembered, (token) => token.weight);

  constructor(options: TokenOptions, clock: Clock) {
    this.#key = createSecretKey(options.key);
    this.#options = options;
    this.#clock = clock;
  }

  /** Signs a token for `access`, which must be what the principal may do. Throws BAD_REQUEST when it is too much. */
  async issue(principal: Principal, access: readonly TokenAccess[]): Promise<IssuedToken> {
    const { issuer, service, lifetime } = this.#options;
    const now = Math.floor(this.#clock() / second);
    const account = principal.kind === "anonymous" ? {} : { id: principal.id };
    const token = await new SignJWT({ access, kind: principal.kind, ...account })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer(issuer)
      .setSubject(principal.kind === "anonymous" ? "" : principal.name)
      .setAudience(service)
      .setIssuedAt(now)
      .setNotBefore(now - skew)
      .setExpirationTime(now + lifetime)
      .setJti(randomUUID())
      .sign(this.#key);
    if (token.length > maxLength) {
      throw new BreakwaterError(
        "BAD_REQUEST",
        "A token for so many scopes is too long; ask for fewer at a time.",
      );
    }
    return { token, expires_in: lifetime, issued_at: new Date(now * second).toISOString() };
  }

  /** Answers at once for a token that was seen before. Never throws. */
  verify(token: string): Verification | Promise<Verification> {
    const known = this.#verified.get(token);
    return known === undefined ? this.#check(token) : this.#judge(known);
  }

  #judge(token: VerifiedToken): Verification {
    const age = this.#clock() - token.expiresAt;
    if (age < 0) return { state: "valid", token };
    return age < grace ? { state: "expired", token } : invalid;
  }

  async #check(text: string): Promise<Verification> {
    if (text.length > maxLength) return invalid;
    const payload = await this.#authentic(text);
    const token = payload === null ? null : VerifiedToken.parse(payload, text.length);
    if (token === null) return invalid;
    this.#verified.set(text, token);
    return this.#judge(token);
  }

  /** The claims of a token that this installation signed and that is not for later; null for any other. */
  async #authentic(text: string): Promise<JWTPayload | null> {
    const { issuer, service } = this.#options;
    try {
      const { payload } = await jwtVerify(text, this.#key, {
        algorithms: ["HS256"],
        typ: "JWT",
        issuer,
        audience: service,
        requiredClaims: ["sub", "exp", "nbf", "iat", "jti"],
        currentDate: new Date(this.#clock()),
      });
      return payload;
    } catch (error) {
      // jose looks at the expiry last: whatever else could be wrong with the token is not.
      return error instanceof errors.JWTExpired ? error.payload : null;
    }
  }
}
