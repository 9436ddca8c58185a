import { BreakwaterError } from "../kernel/index.ts";

/** What a user says of themself. */
export interface Profile {
  readonly email: string;
  readonly realname: string;
  readonly comment: string;
}

/** Harbor's; `#` marks the names of deleted users besides, and `$` those of robots. */
const illegal = /[,"~#%$]/;
/** No control character fits into Basic credentials (RFC 7617, section 2), and NUL into no PostgreSQL text. */
const control = /\p{Cc}/u;
/** A mailbox as far as it can be told without sending something there. No part of it can be matched in two ways. */
const email = /^[^\s@<>()[\]\\,;:"]{1,64}@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+$/;

/**
 * Throws BAD_REQUEST when `username` may not be one. A colon, which Harbor takes and nobody can log in with,
 * is refused: it ends the name in Basic credentials.
 */
export function requireUsername(username: string): void {
  requireText("username", username, 1, 255);
  if (illegal.test(username) || username.includes(":")) {
    throw new BreakwaterError("BAD_REQUEST", 'A username must not hold any of , " ~ # % $ :');
  }
}

/** Throws BAD_REQUEST when a part of `profile` does not keep Harbor's rules. */
export function requireProfile(profile: Profile): void {
  requireText("email", profile.email, 1, 255);
  if (!email.test(profile.email)) {
    throw new BreakwaterError("BAD_REQUEST", "The email must be an address such as name@example.com.");
  }
  requireText("realname", profile.realname, 1, 255);
  if (illegal.test(profile.realname)) {
    throw new BreakwaterError("BAD_REQUEST", 'A realname must not hold any of , " ~ # % $.');
  }
  requireText("comment", profile.comment, 0, 30);
}

function requireText(what: string, text: string, min: number, max: number): void {
  if (text.length >= min && text.length <= max && !control.test(text)) return;
  throw new BreakwaterError(
    "BAD_REQUEST",
    `The ${what} must have ${min} to ${max} characters, none of them a control character.`,
  );
}
