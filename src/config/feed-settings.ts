import { parseDocument } from "yaml";
import { z } from "zod";
import { day, minute } from "../kernel/index.ts";
import { quote } from "./quote.ts";
import * as value from "./values.ts";

export const feedFormats = [
  "osv",
  "secdb",
  "debian-tracker",
  "csaf-vex",
  "updateinfo",
  "kev",
  "epss",
  "nvd",
] as const;

export type FeedFormat = (typeof feedFormats)[number];

const location = value.kind(
  "https://…, oci://HOST/REPOSITORY:TAG or a path, without a password in it",
  (text) => {
    if (/^[\w+.-]*:\/\//.test(text)) {
      if (!/^(?:https?:\/\/[^/?#@\\\s]+(?:[/?]\S*)?|oci(?:\+http)?:\/\/[^/?#@\\\s]+\/\S+)$/.test(text))
        return undefined;
      return URL.canParse(text.replace(/^oci(?:\+http)?:/, "https:")) ? text : undefined;
    }
    return text !== "" && !/[\0\n]/.test(text) ? text : undefined;
  },
);

const schedule = value.kind(
  'a time between two looks from 1m to 30d, such as 6h, or a cron expression such as "0 0 3 * * *"',
  (text) => {
    const every = value.parseDuration(text);
    if (every !== undefined) return every >= minute && every <= 30 * day ? { every } : undefined;
    const cron = value.cron.safeParse(text).data;
    return cron === undefined ? undefined : { cron };
  },
);

const proxy = value.kind('http://HOST:PORT, or "none"', (text) =>
  text === "none" ? text : value.proxy.safeParse(text).data,
);

/** What can be said of a feed, by its keys in the file. */
const kinds = {
  format: value.oneOf(Object.fromEntries(feedFormats.map((format) => [format, format]))),
  schedule,
  max_age: value.duration(minute, 3650 * day),
  enabled: value.flag,
  ca_bundle: value.path,
  proxy,
  username: value.name,
  password: value.secret,
  token: value.secret,
} as const satisfies Record<string, value.Kind<unknown>>;

type Kinds = typeof kinds;
export type FeedSettings = { readonly [K in keyof Kinds]?: z.output<Kinds[K]> } & {
  readonly source?: readonly string[];
};

const secrets = new Set(["password", "token"]);
const feedName = /^[a-z0-9][a-z0-9._-]{0,62}$/;

type Complain = (path: readonly string[], expected: string, found?: unknown) => void;

/** The feeds by their names, as a tree: the file's section, or YAML or JSON in the variable. */
export const feeds: value.Kind<Readonly<Record<string, FeedSettings>>> = z
  .string()
  .transform((text, context) => {
    let good = true;
    const complain: Complain = (path, message, found) => {
      good = false;
      // What is no single value may hold a password somewhere.
      const shown = typeof found === "string" ? { found: quote(found) } : {};
      context.addIssue({ code: "custom", message, path: [...path], params: shown });
    };
    const tree = parseTree(text);
    const feeds = isTree(tree) ? readFeeds(tree, complain) : {};
    if (!isTree(tree)) complain([], "feeds by their names, each with a format and a source");
    return good ? feeds : z.NEVER;
  });

function readFeeds(tree: Tree, complain: Complain): Record<string, FeedSettings> {
  const feeds: Record<string, FeedSettings> = {};
  for (const [name, settings] of Object.entries(tree)) {
    if (!feedName.test(name)) complain([], "names of feeds in small letters, digits and . _ -", name);
    else if (isTree(settings)) feeds[name] = readFeed(name, settings, complain);
    else complain([name], "a section with format and source", settings);
  }
  return feeds;
}

function readFeed(name: string, tree: Tree, complain: Complain): FeedSettings {
  const settings: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(tree)) {
    if (given === null) continue;
    if (key === "source") {
      settings.source = readSources(given, (expected, found) => complain([name, key], expected, found));
      continue;
    }
    const kind: value.Kind<unknown> | undefined = Object.hasOwn(kinds, key)
      ? kinds[key as keyof Kinds]
      : undefined;
    if (kind === undefined) {
      complain([name], `only the keys source, ${Object.keys(kinds).join(", ")}`, key);
      continue;
    }
    const { success, data, error } = kind.safeParse(given);
    if (success) settings[key] = data;
    else complain([name, key], expectedBy(error, given), secrets.has(key) ? undefined : given);
  }
  return settings;
}

/** One place, or a list of places. */
function readSources(given: unknown, complain: (expected: string, found: unknown) => void): string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.flatMap((one) => {
    const { success, data, error } = location.safeParse(one);
    if (success) return [data];
    complain(expectedBy(error, one), one);
    return [];
  });
}

function expectedBy(error: z.ZodError, given: unknown): string {
  return typeof given === "string" ? (error.issues[0]?.message ?? "another value") : "a single value";
}

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseTree(text: string): unknown {
  const document = parseDocument(text, { schema: "failsafe", prettyErrors: false, logLevel: "silent" });
  if (document.errors.length > 0) return undefined;
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}
