/** Feeds are other people's: what has not the expected type is taken for absent, and what is too long is cut. */

const longestText = 64 * 1024;
const longestName = 256;

export type Tree = Readonly<Record<string, unknown>>;

export function asTree(value: unknown): Tree {
  return isTree(value) ? value : {};
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text for people. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value.slice(0, longestText) : "";
}

/** An id, a name or a version; empty for one that is none. */
export function asName(value: unknown): string {
  return typeof value === "string" && value.length <= longestName ? value.trim() : "";
}

/** Those that are names, each once. */
export function asNames(value: unknown): readonly string[] {
  return [...new Set(asList(value).map(asName))].filter((name) => name !== "");
}

/** Milliseconds since 1970; null for no time, and for the year 1 that some write in its place. */
export function asTime(value: unknown): number | null {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return time > 0 ? time : null;
}

const mostLinks = 100;

/** Addresses on the web, each once. */
export function asLinks(values: readonly unknown[]): readonly string[] {
  const links = values.filter((value) => typeof value === "string" && /^https?:\/\/\S{1,2000}$/.test(value));
  return [...new Set(links as string[])].slice(0, mostLinks);
}
