import { countNames, foldName } from "../../kernel/index.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type Instant, showInstant } from "./instant.ts";
import type { PublicKey } from "./keys.ts";
import { TufRefusal } from "./refusal.ts";
import { bytes, instant, integer, list, object, optional, shaped, text } from "./shapes.ts";
import { isSignature } from "./signatures.ts";

/** More than any role has keys; each costs a public-key operation (specification 1.0, section 1.5.2: endless data). */
const maxSignatures = 256;

/**
 * Values in a document, counted by what stands between them: a hundred thousand targets have fewer. To read and write
 * millions of names takes seconds, in which nobody else is answered.
 */
const maxValues = 1_000_000;
const [comma, colon] = [0x2c, 0x3a];

export interface Signature {
  readonly keyId: string;
  readonly method: string;
  readonly value: Uint8Array;
}

/** Metadata as it travels (TUF specification 1.0, section 4.2.1), before anything of it is believed. */
export interface Envelope {
  /** The parsed `signed` member. */
  readonly signed: unknown;
  readonly signatures: readonly Signature[];
  readonly type: string;
  readonly version: number;
  readonly expires: Instant;
}

/** Whose signatures count for a role, and how many it takes. */
export interface RoleKeys {
  readonly name: string;
  readonly threshold: number;
  /** By the id under which the delegating document lists them. */
  readonly keys: ReadonlyMap<string, PublicKey>;
}

const common = object({ _type: text, version: integer, expires: instant });
const signature = object({ keyid: text, method: text, sig: bytes });
const members = { signed: optional(common), signatures: list(signature, maxSignatures) };
const shape = object(members);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Parses what every role's metadata has in common. Throws TufRefusal; `{}` passes, as version 0. */
export function parseEnvelope(content: Uint8Array): Envelope {
  if (content.length > maxValues) requireFewValues(content);
  let json: unknown;
  let written: string;
  try {
    written = utf8.decode(content);
    json = JSON.parse(written);
  } catch (cause) {
    throw new TufRefusal("malformed", "json: invalid metadata", cause);
  }
  const { signed, signatures } = shaped(shape, json);
  requireOneMeaning(json, written);
  return {
    signed: (json as { signed?: unknown }).signed ?? null,
    signatures: signatures.map(({ keyid, method, sig }) => ({ keyId: keyid, method, value: sig })),
    type: signed?._type ?? "",
    version: signed?.version ?? 0,
    expires: signed?.expires ?? shaped(instant, null),
  };
}

function requireFewValues(content: Uint8Array): void {
  let count = 0;
  for (const byte of content) if (byte === comma || byte === colon) count++;
  if (count > maxValues) {
    throw new TufRefusal("malformed", `json: too many values: a document may have ${maxValues}`);
  }
}

/**
 * Throws TufRefusal for what clients may take for something else than is verified here. Docker adds up objects of one
 * name, but goes by the last of them when it looks at the signatures: whoever has no keys could add targets to what
 * others have signed. And it takes `Signed` for `signed`.
 */
function requireOneMeaning(json: unknown, written: string): void {
  if (countMembers(json) !== countNames(written)) {
    throw new TufRefusal("malformed", "json: a name comes twice in one object");
  }
  for (const name of Object.keys(json as object)) {
    const meant = foldName(name);
    if (name !== meant && Object.hasOwn(members, meant)) {
      throw new TufRefusal("malformed", `json: ${name} may be taken for ${meant}`);
    }
  }
}

/** The names in a parsed JSON value. Not by recursion: how deep it is nested is its author's choice. */
function countMembers(json: unknown): number {
  let count = 0;
  const open = [json];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (typeof item !== "object" || item === null) continue;
    const inner = Object.values(item);
    if (!Array.isArray(item)) count += inner.length;
    for (const value of inner) if (typeof value === "object") open.push(value);
  }
  return count;
}

/**
 * TUF specification 1.0, sections 5.3.4, 5.4.2, 5.5.3, 5.6.3: at least a threshold of the role's keys have
 * signed. Each key counts once, by the first signature that names it: their ids are to be unique (section 4.2.1), and
 * each costs a public-key operation. Signatures by other keys, and wrong ones, count for nothing. Answers the ids of
 * all keys that have signed. Throws TufRefusal.
 */
export function verifyThreshold(envelope: Envelope, role: RoleKeys): ReadonlySet<string> {
  if (envelope.signatures.length === 0) throw new TufRefusal("threshold", "tuf: data has no signatures");
  if (role.threshold < 1) throw new TufRefusal("threshold", "valid signatures did not meet threshold");
  const message = canonicalJson(envelope.signed);
  const [seen, valid] = [new Set<string>(), new Set<string>()];
  for (const { keyId, method, value } of envelope.signatures) {
    const key = role.keys.get(keyId);
    if (key === undefined || seen.has(keyId)) continue;
    seen.add(keyId);
    // Otherwise one key under two ids would count twice.
    if (key.id !== keyId) throw new TufRefusal("key-id", "key ID is not valid for key content");
    if (isSignature(method, key, value, message)) valid.add(keyId);
  }
  if (valid.size < role.threshold) {
    throw new TufRefusal("threshold", `valid signatures did not meet threshold for ${role.name}`);
  }
  return valid;
}

/** Beyond what anybody counts to, and as far again from where numbers end. */
const maxVersion = 2 ** 52;

/**
 * TUF specification 1.0, sections 1.5.2 and 5.3.11: fast-forward attack. A version that leaves no room for those that
 * have to follow would end the role for good. Throws TufRefusal.
 */
export function verifyRoom(version: number, role: string): void {
  if (version > maxVersion) {
    throw new TufRefusal("version", `version ${version} of ${role} leaves no room for those that follow`);
  }
}

/** TUF specification 1.0, sections 5.3.10, 5.4.4, 5.5.6, 5.6.5: freeze attack. Throws TufRefusal. */
export function verifyExpiry(expires: Instant, role: string, now: number): void {
  if (expires.at < now) throw new TufRefusal("expired", `${role} expired at ${showInstant(expires)}`);
}
