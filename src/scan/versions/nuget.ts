import { compareText } from "./numerals.ts";
import { defineOrder } from "./order.ts";

/** NuGet's versions: up to four numbers, and labels as in Semantic Versioning 2.0.0, but in any case. */
interface NuGetVersion {
  readonly release: readonly number[];
  /** Null where there is none. */
  readonly labels: readonly (number | string)[] | null;
}

const form =
  /^\s*(\d+(?:\.\d+){0,3})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\s*$/;

/** Its numbers are .NET's `int`. */
const maxInt = 2 ** 31 - 1;

export const nuget = defineOrder<NuGetVersion>(parse, (a, b) => {
  for (let i = 0; i < 4; i++) {
    const difference = (a.release[i] ?? 0) - (b.release[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.labels === null || b.labels === null) return Number(a.labels === null) - Number(b.labels === null);
  return compareLabels(a.labels, b.labels);
});

function parse(text: string): NuGetVersion | null {
  const [, release, labels] = form.exec(text) ?? [];
  if (release === undefined) return null;
  const numbers = release.split(".").map(Number);
  if (numbers.some((number) => number > maxInt)) return null;
  const split = labels?.split(".") ?? null;
  if (split?.some((label) => /^0\d+$/.test(label))) return null;
  return { release: numbers, labels: split?.map(toLabel) ?? null };
}

/** What is too large for an `int` is a word, and what has a minus is a number. */
function toLabel(text: string): number | string {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= -maxInt - 1 && number <= maxInt ? number : text.toUpperCase();
}

function compareLabels(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    const difference =
      typeof x === "number"
        ? typeof y === "number"
          ? x - y
          : -1
        : typeof y === "number"
          ? 1
          : compareText(x, y);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
