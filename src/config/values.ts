import { isIP } from "node:net";
import { Cron } from "croner";
import { z } from "zod";
import { day, hour, minute, second } from "../kernel/index.ts";

/**
 * What a key may hold, read from plain text: a file's values and the environment's mean the same. The message
 * of a refusal ends the sentence "expected …".
 */
export type Kind<T> = z.ZodType<T, string>;

/** `convert` returns undefined for a text that is refused. */
export function kind<T>(expected: string, convert: (text: string) => T | undefined): Kind<T> {
  return z.string().transform((text, context) => {
    const value = convert(text.trim());
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

const units = { ms: 1, s: second, m: minute, h: hour, d: day, w: 7 * day } as const;

/** Milliseconds in `30m`, `168h`, `7d` or `1h30m`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:ms|[smhdw]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g)) {
    total += Number(count) * units[unit as keyof typeof units];
  }
  return Number.isSafeInteger(total) ? total : undefined;
}

/** `milliseconds` in the largest unit that divides it: what `parseDuration` reads. */
export function formatDuration(milliseconds: number): string {
  const unit = (["d", "h", "m", "s"] as const).find((name) => milliseconds % units[name] === 0) ?? "ms";
  return `${milliseconds / units[unit]}${unit}`;
}

/** Milliseconds, from `minimum` to `maximum`. */
export function duration(minimum: number, maximum: number): Kind<number> {
  const range = `from ${formatDuration(minimum)} to ${formatDuration(maximum)}`;
  return kind(`a duration such as 30m, 168h or 7d, ${range}`, (text) => {
    const value = parseDuration(text);
    return value !== undefined && value >= minimum && value <= maximum ? value : undefined;
  });
}

export function integer(minimum: number, maximum: number): Kind<number> {
  return kind(`a whole number from ${minimum} to ${maximum}`, (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= minimum && value <= maximum ? value : undefined;
  });
}

export const port = integer(1, 65_535);

const byteUnits = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 } as const;

/** Bytes, written as Harbor writes the size of its logs: `200M`, `64k`, or a plain number. */
export const bytes: Kind<number> = kind("a number of bytes such as 200M, from 64k to 1000G", (text) => {
  const [, digits = "", unit = ""] = /^(\d{1,9})([kmg]?)b?$/i.exec(text) ?? [];
  const size = Number(digits) * byteUnits[unit.toLowerCase() as keyof typeof byteUnits];
  return size >= 2 ** 16 && size <= 1000 * 2 ** 30 ? size : undefined;
});

/** From what a service takes up to what it does to the memory. */
function chunks(least: string): Kind<number> {
  return kind(`a number of bytes such as 10M, from ${least} to 256M`, (text) => {
    const size = bytes.safeParse(text).data ?? 0;
    return size >= bytes.parse(least) && size <= 256 * 2 ** 20 ? size : undefined;
  });
}

/** S3 takes no smaller parts. */
export const chunkSize = chunks("5M");
/** As Docker Distribution has it for Google's storage. */
export const gcsChunkSize = chunks("256K");

/** YAML 1.1's words for it, which are what Harbor's own reader takes. */
export const flag: Kind<boolean> = kind("true or false", (text) => {
  if (/^(?:true|yes|on)$/i.test(text)) return true;
  return /^(?:false|no|off)$/i.test(text) ? false : undefined;
});

/** A setting of which only one value is left. */
export const yes: Kind<true> = kind("true: nothing else is supported", (text) =>
  flag.safeParse(text).data === true ? true : undefined,
);

export function oneOf<T>(words: Readonly<Record<string, T>>): Kind<T> {
  return kind(`one of ${Object.keys(words).join(", ")}`, (text) => {
    const word = text.toLowerCase();
    return Object.hasOwn(words, word) ? words[word] : undefined;
  });
}

/** Taken as it is written, blanks too. */
export const secret: Kind<string> = z.string().min(1, "a text that is not empty");

export const name: Kind<string> = kind("a name", (text) =>
  text !== "" && !text.includes("\0") ? text : undefined,
);

export const path: Kind<string> = kind("a path", (text) =>
  text !== "" && !text.includes("\0") ? text : undefined,
);

const label = "[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?";
const hostPattern = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`);

export const host: Kind<string> = kind("a host name or an IP address, without scheme and port", (text) => {
  const name = text.toLowerCase();
  if (isIP(name) !== 0) return name;
  // A name such as 1.2.3 is another machine's address once it stands in a URL: 1.2.0.3.
  return hostPattern.test(name) && URL.parse(`https://${name}`)?.hostname === name ? name : undefined;
});

export const address: Kind<string> = kind('an IP address to listen on, such as 127.0.0.1 or "::"', (text) =>
  isIP(text) !== 0 ? text : undefined,
);

/** Without a path: clients look for the registry's API at the root. */
export const origin: Kind<string> = kind(
  "https://HOST, https://HOST:PORT or the same with http, without a path",
  (text) => {
    if (!/^https?:\/\/[^/?#@\\\s]+\/*$/i.test(text) || !URL.canParse(text)) return undefined;
    return new URL(text).origin;
  },
);

/** As `origin`; the scheme may be missing. */
export const endpoint: Kind<string> = kind("https://HOST, https://HOST:PORT or HOST:PORT", (text) => {
  if (text.includes("://")) return origin.safeParse(text).data;
  return origin.safeParse(`https://${text}`).success ? text.replace(/\/+$/, "") : undefined;
});

/** With a path where the service has one, as Azurite's accounts; without a slash at the end. */
export const serviceUrl: Kind<string> = kind(
  "https://HOST or the same with a port, a path, or http",
  (text) => {
    if (!/^https?:\/\/[^?#@\\\s]+$/i.test(text) || !URL.canParse(text)) return undefined;
    return text.replace(/\/+$/, "");
  },
);

export const storageAccount: Kind<string> = kind("3 to 24 small letters and digits", (text) =>
  /^[a-z0-9]{3,24}$/.test(text) ? text : undefined,
);

export const bucket: Kind<string> = kind("a bucket's name, of letters, digits, dots and dashes", (text) =>
  /^[A-Za-z0-9][\w.-]{1,253}$/.test(text) ? text : undefined,
);

/** As Harbor takes it, the scheme may be missing; a user's name and password may be in it. */
export const proxy: Kind<string> = kind("http://HOST:PORT or HOST:PORT", (text) => {
  const url = text.includes("://") ? text : `http://${text}`;
  return /^https?:\/\/[^/?#\s\\]+\/?$/.test(url) && URL.canParse(url) ? url.replace(/\/$/, "") : undefined;
});

export const paths: Kind<readonly string[]> = kind("paths separated by commas", (text) => {
  const list = entries(text);
  return list.length > 0 && list.every((entry) => !entry.includes("\0")) ? list : undefined;
});

/** Host names, domains with or without a dot at their beginning, addresses and networks; `*` for all. */
export const hosts: Kind<readonly string[]> = kind(
  "host names, domains or networks separated by commas",
  (text) => {
    const list = entries(text);
    return list.length > 0 && list.every((entry) => /^[\w.*:/[\]-]+$/.test(entry)) ? list : undefined;
  },
);

/** Hosts as they stand in URLs, with the port where it is not the scheme's own. */
export const authorities: Kind<readonly string[]> = kind(
  "hosts with their ports, separated by commas, such as registry.example.com, 10.0.0.7:5000",
  (text) => {
    const list = entries(text).map((entry) => URL.parse(`https://${entry}`)?.host ?? "");
    const good = list.every((entry) => /^[\w.:[\]-]+$/.test(entry));
    return list.length > 0 && good ? list : undefined;
  },
);

/** Harbor's parts, of which Breakwater does not consist: what they do counts. */
export const proxied: Kind<readonly string[]> = kind(
  "names of Harbor's components separated by commas",
  (text) => {
    const list = entries(text);
    return list.every((entry) => /^[a-z-]+$/.test(entry)) ? list : undefined;
  },
);

function entries(text: string): string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== "");
}

/** Addresses with the number of their bits that count; a bare address is a network of one. */
export const networks: Kind<readonly string[]> = kind(
  "networks separated by commas, such as 10.0.0.0/8, fd00::/8",
  (text) => {
    const list = text.split(/[\s,]+/).filter((entry) => entry !== "");
    return list.length > 0 && list.every(isNetwork) ? list : undefined;
  },
);

function isNetwork(text: string): boolean {
  const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits ?? 0) <= (family === 4 ? 32 : 128);
}

/** What names of trust data may begin with, as the original Notary has it: each ends in a slash. */
export const gunPrefixes: Kind<readonly string[]> = kind(
  "prefixes separated by commas, each ending in a slash, such as registry.example.com/library/",
  (text) => {
    const list = text.split(/[\s,]+/).filter((entry) => entry !== "");
    return list.length > 0 && list.every((entry) => /^[^/].*\/$/.test(entry)) ? list : undefined;
  },
);

export const urlPath: Kind<string> = kind("a path that starts with /", (text) =>
  /^\/[\w./-]*$/.test(text) ? text : undefined,
);

export const cron: Kind<string> = kind(
  'a cron expression of five or six fields, such as "0 0 3 * * *" for 3:00 every day',
  (text) => {
    if (![5, 6].includes(text.split(/\s+/).length)) return undefined;
    try {
      new Cron(text, { paused: true });
      return text;
    } catch {
      return undefined;
    }
  },
);

/** A robot's name goes into HTTP's Basic credentials, which end the name at a colon. */
export const namePrefix: Kind<string> = kind("1 to 32 letters, digits or $ . _ + -", (text) =>
  /^[\w$.+-]{1,32}$/.test(text) ? text : undefined,
);
