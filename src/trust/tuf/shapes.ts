import { z } from "zod";
import { never, parseInstant } from "./instant.ts";
import { publicKey } from "./keys.ts";
import { TufRefusal } from "./refusal.ts";

/**
 * The shapes that all metadata is made of, read as leniently as Notary reads them: what is absent or null is
 * empty, unknown members are passed over, a wrong type is refused. Docker really sends `"keyids":null`.
 */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
export const integer = z
  .int()
  .nullish()
  .transform((value) => value ?? 0);
export const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);

const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Standard base64 with its padding, as bytes. */
export const bytes = z
  .string()
  .regex(base64Text, "not base64")
  .nullish()
  .transform((value) => new Uint8Array(Buffer.from(value ?? "", "base64")));

export const instant = z
  .string()
  .nullish()
  .transform((value, context) => {
    if (value === null || value === undefined) return never;
    const parsed = parseInstant(value);
    if (parsed !== null) return parsed;
    context.addIssue({ code: "custom", message: "not a time in RFC 3339" });
    return z.NEVER;
  });

/**
 * An object's members as a map, which unlike an object has room for every name: `__proto__` is a valid tag, and
 * `constructor` must not be found where it was not put.
 */
export function members<T extends z.ZodType>(value: T) {
  const toMap = (given: unknown) => {
    if (given === null || given === undefined) return new Map<string, unknown>();
    if (typeof given !== "object" || Array.isArray(given)) return given;
    return new Map<string, unknown>(Object.entries(given));
  };
  return z.preprocess(toMap, z.map(z.string(), value));
}

export const key = z
  .object({ keytype: text, keyval: z.object({ public: bytes }).nullish() })
  .transform(({ keytype, keyval }) => publicKey(keytype, keyval?.public ?? new Uint8Array()));

/** TUF specification 1.0, section 4.4: METAPATH's hashes and length; section 4.5: TARGETPATH's. */
export const fileMeta = z.object({ length: integer, hashes: members(bytes) });
export type FileMeta = z.infer<typeof fileMeta>;

/** Throws TufRefusal when `value` has not that shape, naming the first place where it has not. */
export function shaped<T extends z.ZodType>(shape: T, value: unknown): z.infer<T> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join(".").slice(0, 200) || "the document";
  throw new TufRefusal("malformed", `json: cannot read ${where}: ${issue?.message ?? "wrong shape"}`);
}
