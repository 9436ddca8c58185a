import { type Instant, never, parseInstant } from "./instant.ts";
import { type PublicKey, publicKey } from "./keys.ts";
import { TufRefusal } from "./refusal.ts";

/*
 * The shapes that all metadata is made of, read as leniently as Notary reads them: what is absent or null is empty,
 * unknown members are passed over, a wrong type is refused. Docker really sends `"keyids":null`. Our own, since every
 * publish and every look at a tag's signatures reads documents of thousands of members.
 */

/** Reads a parsed JSON value that lies at `path` in its document. Throws TufRefusal where it is something else. */
export type Shape<T> = (value: unknown, path: string[]) => T;
type Shapes = Readonly<Record<string, Shape<unknown>>>;
type Shaped<S extends Shapes> = { readonly [Name in keyof S]: ReturnType<S[Name]> };

/**
 * Bounds far above what real metadata has, which keep hostile metadata from taking memory and time that nobody has
 * (TUF specification 1.0, section 1.5.2, endless data).
 */
export const bounds = {
  /** Keys that a document lists, or a role has. */
  keys: 1_000,
  /** Delegations of a document, or roles of a root. */
  roles: 1_000,
  /** Paths of a delegation. */
  paths: 1_000,
  /** Characters of a key with its certificates, a signature or a hash in base64. */
  base64: 128 * 1024,
  /** Documents that a snapshot lists: those of delegations that were taken back stay in it. */
  documents: 10_000,
} as const;

/** Throws TufRefusal when `value` has not that shape, naming the first place where it has not. */
export function shaped<T>(shape: Shape<T>, value: unknown): T {
  return shape(value, []);
}

export const string: Shape<string> = (value, path) =>
  typeof value === "string" ? value : unexpected(path, "not a string");

export const text: Shape<string> = (value, path) => (isNothing(value) ? "" : string(value, path));

export const integer: Shape<number> = (value, path) => {
  if (isNothing(value)) return 0;
  return Number.isSafeInteger(value) ? (value as number) : unexpected(path, "not an integer");
};

const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Standard base64 with its padding, as it is written. */
const base64: Shape<string> = (value, path) => {
  const written = text(value, path);
  if (written.length > bounds.base64) return unexpected(path, "longer than anything in base64 may be");
  return base64Text.test(written) ? written : unexpected(path, "not base64");
};

/** Standard base64 with its padding, as bytes. */
export const bytes: Shape<Uint8Array> = (value, path) => Uint8Array.fromBase64(base64(value, path));

export const instant: Shape<Instant> = (value, path) => {
  if (isNothing(value)) return never;
  return parseInstant(string(value, path)) ?? unexpected(path, "not a time in RFC 3339");
};

export function optional<T>(shape: Shape<T>): Shape<T | null> {
  return (value, path) => (isNothing(value) ? null : shape(value, path));
}

export function object<S extends Shapes>(shapes: S): Shape<Shaped<S>> {
  const entries = Object.entries(shapes);
  return (value, path) => {
    if (!isObject(value)) return unexpected(path, "not an object");
    const read: Record<string, unknown> = {};
    for (const [name, shape] of entries) read[name] = within(path, name, shape, value[name]);
    return read as Shaped<S>;
  };
}

/** `most` is looked at before the items are. */
export function list<T>(item: Shape<T>, most: number): Shape<readonly T[]> {
  return (value, path) => {
    if (isNothing(value)) return [];
    if (!Array.isArray(value)) return unexpected(path, "not a list");
    if (value.length > most) throw tooMany(path, most);
    return value.map((given, index) => within(path, String(index), item, given));
  };
}

/**
 * An object's members as a map, which unlike an object has room for every name: `__proto__` is a valid tag, and
 * `constructor` must not be found where it was not put.
 */
export function members<T>(member: Shape<T>, most = Number.POSITIVE_INFINITY): Shape<ReadonlyMap<string, T>> {
  return (value, path) => {
    const read = new Map<string, T>();
    if (isNothing(value)) return read;
    if (!isObject(value)) return unexpected(path, "not an object");
    const names = Object.keys(value);
    if (names.length > most) throw tooMany(path, most);
    for (const name of names) read.set(name, within(path, name, member, value[name]));
    return read;
  };
}

const listedKey = object({ keytype: text, keyval: optional(object({ public: bytes })) });
export const key: Shape<PublicKey> = (value, path) => {
  const { keytype, keyval } = listedKey(value, path);
  return publicKey(keytype, keyval?.public ?? new Uint8Array());
};

/**
 * TUF specification 1.0, section 4.4: METAPATH's hashes and length; section 4.5: TARGETPATH's. The hashes stay in base64:
 * of thousands of targets few are looked at.
 */
export const fileMeta = object({ length: integer, hashes: members(base64) });
export type FileMeta = ReturnType<typeof fileMeta>;

function within<T>(path: string[], name: string, shape: Shape<T>, value: unknown): T {
  path.push(name);
  const read = shape(value, path);
  path.pop();
  return read;
}

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tooMany(path: readonly string[], most: number): TufRefusal {
  const what = path.at(-1) ?? "values";
  return new TufRefusal("malformed", `too many ${what}: a document may have at most ${most} of them`);
}

function unexpected(path: readonly string[], problem: string): never {
  const where = path.join(".").slice(0, 200) || "the document";
  throw new TufRefusal("malformed", `json: cannot read ${where}: ${problem}`);
}
