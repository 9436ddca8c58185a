import type { Advisory, Affected, Range } from "./advisory.ts";

/** How advisories lie in the rows of a database: short, as there are millions, and nothing where there is nothing. */

/** `[introduced, fixed]`, or `[introduced, null, lastAffected]`. */
type PackedRange = [string, (string | null)?, string?];

export function packRanges(ranges: readonly Range[]): string {
  const packed = ranges.map(({ introduced, fixed, lastAffected }): PackedRange => {
    if (lastAffected !== null) return [introduced, null, lastAffected];
    return fixed === null ? [introduced] : [introduced, fixed];
  });
  return JSON.stringify(packed);
}

export function unpackRanges(text: string): readonly Range[] {
  return (JSON.parse(text) as PackedRange[]).map(([introduced, fixed = null, lastAffected = null]) => ({
    introduced,
    fixed,
    lastAffected,
  }));
}

export function packList(values: readonly string[]): string | null {
  return values.length === 0 ? null : JSON.stringify(values);
}

export function unpackList(text: string | null): readonly string[] {
  return text === null ? [] : (JSON.parse(text) as string[]);
}

/** What of an advisory only reports need. */
export type Detail = Pick<
  Advisory,
  "summary" | "description" | "cvss" | "cwes" | "links" | "publishedAt" | "modifiedAt"
>;

export function detailOf({
  summary,
  description,
  cvss,
  cwes,
  links,
  publishedAt,
  modifiedAt,
}: Advisory): Detail {
  return { summary, description, cvss, cwes, links, publishedAt, modifiedAt };
}

/** A row of `affected` with what belongs to it of `advisory`. */
export interface AffectedRow {
  readonly advisory: number;
  readonly feed: number;
  readonly id: string;
  readonly aliases: string | null;
  readonly module: string | null;
  readonly status: Affected["status"];
  readonly severity: Affected["severity"];
  readonly ranges: string;
  readonly versions: string | null;
}
