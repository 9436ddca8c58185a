import { TufRefusal } from "./refusal.ts";

/** Deeper than metadata ever is, and far from what would exhaust the stack. */
const maxDepth = 64;
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** Only from here on does the order of UTF-16 units, which JavaScript sorts by, differ from that of UTF-8 bytes. */
const pastSurrogates = /[\ud800-\uffff]/;
const escaped = /["\\]/;

/**
 * The bytes that signatures are over: `value`, a parsed JSON value, in canonical JSON as TUF has it
 * (specification 1.0, section 4.2; the contract, section 6). Keys are sorted by their UTF-8 bytes, only `\` and
 * `"` are escaped, numbers are integers of 64 bits. Throws TufRefusal for any other number, for more than 64
 * levels, and for what is not JSON.
 */
export function canonicalJson(value: unknown): Uint8Array {
  return Buffer.from(write(value, 0));
}

function write(value: unknown, depth: number): string {
  if (depth > maxDepth) throw new TufRefusal("malformed", "json: exceeded max depth");
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return integer(value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
  if (typeof value !== "object") throw new TufRefusal("malformed", `json: unsupported type: ${typeof value}`);
  // Own members only are listed, and an own member hides what is inherited: `__proto__` is a name like any other.
  const members = value as Readonly<Record<string, unknown>>;
  let written = "";
  for (const key of sorted(Object.keys(members))) {
    written += `${written === "" ? "" : ","}${quote(key)}:${write(members[key], depth + 1)}`;
  }
  return `{${written}}`;
}

function quote(text: string): string {
  return escaped.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
}

function integer(number: number): string {
  if (Number.isSafeInteger(number)) return String(number);
  if (Number.isInteger(number)) {
    // What does not fit into a double was rounded by the parser, in Notary as here.
    const rounded = BigInt(number);
    if (rounded >= int64.min && rounded <= int64.max) return rounded.toString();
  }
  throw new TufRefusal("malformed", `json: unsupported value: ${number}`);
}

function sorted(keys: string[]): string[] {
  if (keys.length < 2) return keys;
  if (!keys.some((key) => pastSurrogates.test(key))) return keys.sort();
  return keys
    .map((key) => ({ key, bytes: Buffer.from(key) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ key }) => key);
}
