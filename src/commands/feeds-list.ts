import type { DatabaseOverview, FeedOverview } from "../scan/index.ts";
import type { ConfigurationOptions } from "./configuration.ts";
import { openInstallation } from "./installation.ts";
import { tableLines } from "./table.ts";

interface ListOptions extends ConfigurationOptions {
  readonly groups?: boolean;
  readonly json?: boolean;
}

export async function list(options: ListOptions): Promise<void> {
  await using installation = await openInstallation(options);
  const overview = await installation.services.feeds.overview();
  const counted = overview.feeds.filter(({ state }) => state !== "disabled");
  if (overview.version === null || counted.some(({ stale }) => stale)) process.exitCode = 1;
  if (options.json) {
    const { toDatabaseBody } = await import("../http/index.ts");
    return console.log(JSON.stringify(toDatabaseBody(overview, null)));
  }
  console.log(headline(overview));
  if (overview.feeds.length === 0) return;
  const now = Date.now();
  const rows = options.groups ? groupRows(overview, now) : feedRows(overview, now);
  console.log(tableLines(rows).join("\n"));
  for (const { name, error, failures } of overview.feeds) {
    if (error !== null) console.error(`${name}: ${error} (${failures} in a row)`);
  }
}

function headline({ version, builtAt, feeds }: DatabaseOverview): string {
  if (version !== null) return `Vulnerability database ${version.slice(0, 12)}, made ${formatTime(builtAt)}.`;
  const next = feeds.length === 0 ? "Configure breakwater.scan.feeds, or import" : "Update it, or import";
  return `There is no vulnerability database: no image can be scanned. ${next} one.`;
}

function feedRows({ feeds }: DatabaseOverview, now: number): string[][] {
  const head = ["FEED", "FORMAT", "STATE", "LAST SUCCESS", "LAST ATTEMPT", "AGE", "RECORDS", "COVERS"];
  return [
    head,
    ...feeds.map((feed) => [
      feed.name,
      feed.format,
      stateOf(feed),
      formatTime(feed.lastSuccessAt),
      formatTime(feed.lastAttemptAt),
      formatAge(feed.lastSuccessAt, now),
      String(feed.records),
      covers(feed),
    ]),
  ];
}

function groupRows({ feeds }: DatabaseOverview, now: number): string[][] {
  const head = ["FEED", "COVERS", "RECORDS", "AS OF", "AGE", "STATE"];
  const rows = feeds.flatMap((feed) =>
    feed.groups.map(({ ecosystem, records, asOf, dropped }) => [
      feed.name,
      ecosystem,
      String(records),
      formatTime(asOf ?? feed.asOf, "not said"),
      formatAge(feed.lastSuccessAt, now),
      dropped ? "dropped by the feed: what it last said" : stateOf(feed),
    ]),
  );
  return [head, ...rows];
}

function stateOf({ state, stale, failures, unreadable }: FeedOverview): string {
  if (state === "disabled") return state;
  const age = stale ? "stale" : "fresh";
  const marks = [
    state === "imported" ? "imported" : "",
    failures > 0 ? "failing" : "",
    unreadable > 0 ? `${unreadable} unreadable` : "",
  ].filter(Boolean);
  return [age, ...marks].join(", ");
}

/** Releases of one distribution in one word: `Debian:11,12`. */
function covers({ groups }: FeedOverview): string {
  const releases = new Map<string, string[]>();
  for (const { ecosystem } of groups) {
    const [name = "", ...release] = ecosystem.split(":");
    releases.set(name, [...(releases.get(name) ?? []), ...(release.length > 0 ? [release.join(":")] : [])]);
  }
  const words = [...releases].map(([name, all]) => {
    if (all.length === 0) return name;
    const shown = all.length > 4 ? `${all.slice(0, 3).join(",")} and ${all.length - 3} more` : all.join(",");
    return `${name}:${shown}`;
  });
  return words.join(" ") || "-";
}

function formatTime(time: number | null, without = "never"): string {
  return time === null ? without : new Date(time).toISOString().slice(0, 16).replace("T", " ");
}

function formatAge(time: number | null, now: number): string {
  if (time === null) return "-";
  const minutes = Math.max(0, Math.floor((now - time) / 60_000));
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}
