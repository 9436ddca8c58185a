import type { Advisory, Affected } from "../../../src/scan/vulndb/advisory.ts";
import type { FeedDocument } from "../../../src/scan/vulndb/formats/documents.ts";
import type { FeedRecord } from "../../../src/scan/vulndb/formats/index.ts";

/** A feed's documents, told one after the other; objects are written as JSON. */
export async function* documents(contents: Readonly<Record<string, unknown>>): AsyncGenerator<FeedDocument> {
  for (const [name, content] of Object.entries(contents)) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    yield { name, content: content instanceof Uint8Array ? content : Buffer.from(text) };
  }
}

export async function all(records: AsyncIterable<FeedRecord>): Promise<FeedRecord[]> {
  return Array.fromAsync(records);
}

export function advisoriesIn(records: readonly FeedRecord[]): Advisory[] {
  return records.flatMap((record) => (record.kind === "advisory" ? [record.advisory] : []));
}

export function unreadableIn(records: readonly FeedRecord[]): string[] {
  return records.flatMap((record) => (record.kind === "unreadable" ? [record.reason] : []));
}

export function groupsIn(records: readonly FeedRecord[]): string[] {
  return records.flatMap((record) => (record.kind === "group" ? [record.ecosystem] : []));
}

/** `Debian:12 curl [0, 7.88.1-10+deb12u5) affected`, shorter to compare. */
export function show({ ecosystem, name, module, ranges, versions, status }: Affected): string {
  const parts = ranges.map(({ introduced, fixed, lastAffected }) =>
    lastAffected === null ? `[${introduced}, ${fixed ?? "∞"})` : `[${introduced}, ${lastAffected}]`,
  );
  const of = module === null ? name : `${name}@${module}`;
  return [ecosystem, of, ...parts, ...versions.map((version) => `=${version}`), status].join(" ");
}
