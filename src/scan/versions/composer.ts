import { compareNumerals, toNumeral } from "./numerals.ts";
import { defineOrder } from "./order.ts";

/** Numbers as numerals, stabilities by their rank among them. */
type ComposerVersion = readonly (string | number)[];

/** As PHP's `version_compare` ranks words; a number stands where `#` does. */
const ranks: Readonly<Record<string, number>> = {
  dev: 0,
  a: 1,
  alpha: 1,
  b: 2,
  beta: 2,
  rc: 3,
  pl: 5,
  p: 5,
  patch: 5,
};
const rankOfNumber = 4;

const modifiers = "[._-]?(?:(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\\d+(?!\\d))*))?([.-]?dev)?$";
const numbered = new RegExp(`^v?(\\d{1,5})(?!\\d)(\\.\\d+)?(\\.\\d+)?(\\.\\d+)?${modifiers}`, "i");
const dated = new RegExp(`^v?(\\d{4}(?:[.:-]?\\d{2}){1,6}(?:[.:-]?\\d{1,3}){0,2})${modifiers}`, "i");
/** `2.1.x-dev`: the end of a line of versions. */
const branch = /^v?(\d+)(\.(?:\d+|[x*]))?(\.(?:\d+|[x*]))?(\.(?:\d+|[x*]))?[.-]?dev$/i;
const anyNumber = "9999999";

/** Composer's own normal form, in the order of PHP's `version_compare`. A branch by name has no place in it. */
export const composer = defineOrder<ComposerVersion>(parse, (a, b) => {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = compareParts(a[i], b[i]);
    if (difference !== 0) return difference;
  }
  return 0;
});

function parse(text: string): ComposerVersion | null {
  const version = text
    .trim()
    .replace(/@(?:stable|rc|beta|alpha|dev)$/i, "")
    .replace(/^([^,\s+]+)\+\S+$/, "$1");
  const match = numbered.exec(version);
  if (match !== null) {
    const numbers = match.slice(1, 5).map((part) => toNumeral((part ?? "0").replace(".", "")));
    return [...numbers, ...toModifiers(match.slice(5))];
  }
  const date = dated.exec(version);
  if (date !== null) {
    const numbers = (date[1] ?? "").split(/\D/).map(toNumeral);
    return [...numbers, ...toModifiers(date.slice(2))];
  }
  const line = branch.exec(version);
  if (line === null) return null;
  const numbers = line.slice(1, 5).map((part) => (part ?? "x").replace(".", ""));
  return [...numbers.map((part) => (/\d/.test(part) ? toNumeral(part) : anyNumber)), ranks.dev ?? 0];
}

function toModifiers([stability, number, dev]: (string | undefined)[]): ComposerVersion {
  const word = stability?.toLowerCase();
  if (word === "stable") return [];
  const parts: (string | number)[] = [];
  if (word !== undefined) parts.push(ranks[word] ?? 0, ...(number?.match(/\d+/g) ?? []).map(toNumeral));
  if (dev) parts.push(ranks.dev ?? 0);
  return parts;
}

/** What has ended comes before a number, and among the words where a number would. */
function compareParts(x: string | number | undefined, y: string | number | undefined): number {
  if (typeof x === "string" && typeof y === "string") return compareNumerals(x, y);
  const difference = rankOf(x) - rankOf(y);
  if (difference !== 0) return difference;
  return Number(x !== undefined) - Number(y !== undefined);
}

function rankOf(part: string | number | undefined): number {
  return typeof part === "number" ? part : rankOfNumber;
}
