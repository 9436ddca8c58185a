import { compareNumerals, compareText, toNumeral } from "./numerals.ts";
import { defineOrder } from "./order.ts";

/** The parts of a version, in the order in which they may come; the earlier kind is the greater version. */
const kinds = { first: 0, digits: 1, letter: 2, suffix: 3, suffixNumber: 4, commit: 5, revision: 6, end: 7 };

interface Part {
  readonly kind: number;
  /** A suffix's is its place in `suffixes`; a number's is without zeros at its start, save for `digits`. */
  readonly value: string;
}

/** apk-version(5): `_alpha` to `_rc` come before the version without a suffix, the others after it. */
const suffixes = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
const firstAfterRelease = suffixes.indexOf("cvs");

const form =
  /^(\d+)((?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~([0-9a-f]+))?(?:-r(\d+))?$/;

export const apk = defineOrder<readonly Part[]>(parse, (a, b) => {
  for (let i = 0; ; i++) {
    const [x, y] = [a[i] ?? end, b[i] ?? end];
    if (x.kind !== y.kind) {
      // What goes on is the greater, unless it goes on as a version before the release.
      if (isPreRelease(x)) return -1;
      return isPreRelease(y) ? 1 : y.kind - x.kind;
    }
    if (x.kind === kinds.end) return 0;
    const difference = compareValues(x, y);
    if (difference !== 0) return difference;
  }
});

const end: Part = { kind: kinds.end, value: "" };

function parse(text: string): readonly Part[] | null {
  const match = form.exec(text);
  if (match === null) return null;
  const [, first = "", digits = "", letter, suffixed = "", commit, revision] = match;
  const parts: Part[] = [{ kind: kinds.first, value: toNumeral(first) }];
  for (const value of digits.split(".").slice(1)) parts.push({ kind: kinds.digits, value });
  if (letter) parts.push({ kind: kinds.letter, value: letter });
  for (const suffix of suffixed.split("_").slice(1)) {
    const name = suffix.replace(/\d+$/, "");
    parts.push({ kind: kinds.suffix, value: String(suffixes.indexOf(name)) });
    const number = suffix.slice(name.length);
    if (number !== "") parts.push({ kind: kinds.suffixNumber, value: toNumeral(number) });
  }
  if (commit !== undefined) parts.push({ kind: kinds.commit, value: commit });
  if (revision !== undefined) parts.push({ kind: kinds.revision, value: toNumeral(revision) });
  return parts;
}

function isPreRelease({ kind, value }: Part): boolean {
  return kind === kinds.suffix && Number(value) < firstAfterRelease;
}

function compareValues(x: Part, y: Part): number {
  const isText =
    x.kind === kinds.letter ||
    x.kind === kinds.commit ||
    // A zero at the start makes it a fraction: 1.09 comes before 1.1.
    (x.kind === kinds.digits && (x.value.startsWith("0") || y.value.startsWith("0")));
  return isText ? compareText(x.value, y.value) : compareNumerals(x.value, y.value);
}
