export interface BasicCredentials {
  readonly name: string;
  readonly password: string;
}

/** Longer than any name and password that exist, and short enough to decode without thought. */
const maxLength = 8192;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The credentials in an Authorization header's value; null when they are not Basic as RFC 7617 has it:
 * base64 of UTF-8, a colon between name and password, no control characters, a name.
 */
export function parseBasic(header: string): BasicCredentials | null {
  if (header.length > maxLength) return null;
  const [, encoded] = /^basic +(\S+)$/i.exec(header) ?? [];
  if (encoded === undefined || !base64.test(encoded)) return null;
  let text: string;
  try {
    text = decoder.decode(Buffer.from(encoded, "base64"));
  } catch {
    return null;
  }
  const colon = text.indexOf(":");
  if (colon < 1 || /\p{Cc}/u.test(text)) return null;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
