import { resolve } from "node:path";
import { day, hour } from "../kernel/index.ts";
import { defaultFeeds } from "./default-feeds.ts";
import { type FeedFormat, type FeedSettings, feedFormats } from "./feed-settings.ts";
import type { Values } from "./keys.ts";
import { pemFileProblems } from "./pem-file.ts";
import type { Problem } from "./settings.ts";
import { formatDuration } from "./values.ts";

/** A feed of the vulnerability database, with every default filled in. */
export interface FeedConfig {
  readonly name: string;
  readonly format: FeedFormat;
  /** URLs, `oci://` references and absolute paths: all of them together are the feed. */
  readonly sources: readonly string[];
  /** Milliseconds between two looks, or a cron expression. */
  readonly schedule: { readonly every: number } | { readonly cron: string };
  /** Milliseconds after the last good look from which it counts as stale. */
  readonly maxAge: number;
  readonly enabled: boolean;
  /** A file of authorities to trust besides the system's. */
  readonly caBundle: string | null;
  /** A proxy of its own, `none` for none; null for what the section `proxy` says. */
  readonly proxy: string | null;
  readonly username: string | null;
  readonly password: string | null;
  readonly token: string | null;
}

/** What the built-in scanner compares images with. */
export interface ScanConfig {
  /** Images that a process looks into at once. */
  readonly concurrency: number;
  readonly feeds: readonly FeedConfig[];
  readonly defaultFeeds: boolean;
  /** Files with public keys: when there are any, a bundle must be signed by one of them. */
  readonly trustedKeys: readonly string[];
  /** The scanner as other registries' one: the hosts that it may pull from, none by default, and their authorities. */
  readonly adapter: { readonly registries: readonly string[]; readonly caBundle: string | null };
}

const section = "breakwater.scan";

/** Own feeds are laid over the default ones, where these are asked for, name by name and key by key. */
export function toScan(values: Values, cwd: string): ScanConfig {
  const asked = values["breakwater.scan.default_feeds"] ?? false;
  const merged = new Map<string, FeedSettings>(asked ? Object.entries(defaultFeeds) : []);
  for (const [name, settings] of Object.entries(values["breakwater.scan.feeds"] ?? {})) {
    merged.set(name, { ...merged.get(name), ...settings });
  }
  const adapterBundle = values["breakwater.scan.adapter.ca_bundle"];
  return {
    concurrency: values["breakwater.scan.concurrency"] ?? 1,
    feeds: [...merged].map(([name, settings]) => toFeed(name, settings, cwd)),
    defaultFeeds: asked,
    adapter: {
      registries: values["breakwater.scan.adapter.registries"] ?? [],
      caBundle: adapterBundle === undefined ? null : resolve(cwd, adapterBundle),
    },
    trustedKeys: (values["breakwater.scan.trusted_keys"] ?? []).map((file) => resolve(cwd, file)),
  };
}

function toFeed(name: string, settings: FeedSettings, cwd: string): FeedConfig {
  const caBundle = settings.ca_bundle;
  return {
    name,
    // A format that is missing is a problem, which `scanProblems` finds by the sources.
    format: settings.format ?? "osv",
    sources: settings.format === undefined ? [] : absolute(settings.source ?? [], cwd),
    schedule: settings.schedule ?? { every: 6 * hour },
    maxAge: settings.max_age ?? 5 * day,
    enabled: settings.enabled ?? true,
    caBundle: caBundle === undefined ? null : resolve(cwd, caBundle),
    proxy: settings.proxy ?? null,
    username: settings.username ?? null,
    password: settings.password ?? null,
    token: settings.token ?? null,
  };
}

function absolute(sources: readonly string[], cwd: string): string[] {
  return sources.map((source) => (source.includes("://") ? source : resolve(cwd, source)));
}

export async function scanProblems({ feeds, trustedKeys }: ScanConfig): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const { name, sources, username, password, token, caBundle } of feeds) {
    const key = `${section}.feeds.${name}`;
    if (sources.length === 0) {
      const expected = `a format (${feedFormats.join(", ")}) and a source`;
      problems.push({ key, expected, found: "not both" });
    }
    if ((username === null) !== (password === null)) {
      problems.push({ key, expected: "username and password, or neither", found: "one of them" });
    }
    if (token !== null && username !== null) {
      problems.push({ key, expected: "a token, or username and password", found: "both" });
    }
    if (caBundle !== null) problems.push(...(await pemFileProblems(`${key}.ca_bundle`, caBundle)));
  }
  for (const file of trustedKeys) problems.push(...(await pemFileProblems(`${section}.trusted_keys`, file)));
  return problems;
}

export function scanWarnings({ feeds }: ScanConfig): string[] {
  const open = feeds.filter(
    ({ enabled, sources }) => enabled && sources.some((source) => /^(?:http|oci\+http):/.test(source)),
  );
  return open.map(
    ({ name }) =>
      `The feed ${name} comes over plain HTTP: whoever is on the way can leave vulnerabilities out. Use https:// or oci://.`,
  );
}

/** By the file's own keys, as `describeConfig`. */
export function describeScan(
  { adapter, concurrency, feeds, defaultFeeds, trustedKeys }: ScanConfig,
  mask: string,
): object {
  const described = feeds.map((feed) => [feed.name, describeFeed(feed, mask)] as const);
  return {
    adapter: { registries: adapter.registries.join(", ") || null, ca_bundle: adapter.caBundle },
    concurrency,
    default_feeds: defaultFeeds,
    feeds: feeds.length === 0 ? null : Object.fromEntries(described),
    trusted_keys: trustedKeys.join(", ") || null,
  };
}

function describeFeed(feed: FeedConfig, mask: string): object {
  const { schedule, sources } = feed;
  return {
    format: feed.format,
    source: sources.length === 1 ? sources[0] : sources,
    schedule: "cron" in schedule ? schedule.cron : formatDuration(schedule.every),
    max_age: formatDuration(feed.maxAge),
    enabled: feed.enabled,
    ca_bundle: feed.caBundle,
    proxy: feed.proxy,
    username: feed.username,
    password: feed.password === null ? null : mask,
    token: feed.token === null ? null : mask,
  };
}
