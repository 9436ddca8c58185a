import { compareNumerals, compareText, toNumeral } from "./numerals.ts";
import { defineOrder } from "./order.ts";

/** Python's version specifiers, "Summary of permitted suffixes and relative ordering". */
interface PythonVersion {
  readonly epoch: string;
  /** Without zeros at its end. */
  readonly release: readonly string[];
  /**
   * Where it stands around the release: 0 a development version of it, 1 to 3 alpha, beta, candidate, 4 the release
   * or what came after it.
   */
  readonly phase: number;
  readonly phaseNumber: string;
  /** Null where there is none: without one comes first. */
  readonly post: string | null;
  /** Null where there is none: without one comes last. */
  readonly dev: string | null;
  /** Null where there is none: without one comes first. */
  readonly local: readonly string[] | null;
}

const form = new RegExp(
  [
    /^\s*v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)/,
    /(?:[-_.]?(?<phase>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<phaseNumber>\d*))?/,
    /(?<post>-(?<bare>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?<postNumber>\d*))?/,
    /(?<dev>[-_.]?dev[-_.]?(?<devNumber>\d*))?/,
    /(?:\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/,
  ]
    .map(({ source }) => source)
    .join(""),
  "i",
);

const phases: Readonly<Record<string, number>> = { a: 1, alpha: 1, b: 2, beta: 2 };
const candidate = 3;
const released = 4;

export const pep440 = defineOrder<PythonVersion>(parse, (a, b) => {
  return (
    compareNumerals(a.epoch, b.epoch) ||
    compareLists(a.release, b.release, compareNumerals) ||
    a.phase - b.phase ||
    compareNumerals(a.phaseNumber, b.phaseNumber) ||
    compareOptional(a.post, b.post, -1, compareNumerals) ||
    compareOptional(a.dev, b.dev, 1, compareNumerals) ||
    compareOptional(a.local, b.local, -1, (x, y) => compareLists(x, y, compareLocals))
  );
});

function parse(text: string): PythonVersion | null {
  const found = form.exec(text)?.groups;
  if (found === undefined) return null;
  const release = (found.release ?? "").split(".").map(toNumeral);
  while (release.length > 1 && release.at(-1) === "0") release.pop();
  const post = found.post === undefined ? null : toNumeral(found.bare || found.postNumber || "0");
  const dev = found.dev === undefined ? null : toNumeral(found.devNumber || "0");
  return {
    epoch: toNumeral(found.epoch ?? "0"),
    release,
    phase: phaseOf(found.phase, post !== null, dev !== null),
    phaseNumber: toNumeral(found.phaseNumber || "0"),
    post,
    dev,
    local: found.local === undefined ? null : found.local.toLowerCase().split(/[-_.]/).map(toLocal),
  };
}

function phaseOf(name: string | undefined, post: boolean, dev: boolean): number {
  if (name === undefined) return dev && !post ? 0 : released;
  return phases[name.toLowerCase()] ?? candidate;
}

function toLocal(part: string): string {
  return /^\d+$/.test(part) ? toNumeral(part) : part;
}

/** Numbers come after words. */
function compareLocals(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x !== y) return x ? 1 : -1;
  return x ? compareNumerals(a, b) : compareText(a, b);
}

function compareLists<T>(a: readonly T[], b: readonly T[], compare: (x: T, y: T) => number): number {
  for (const [i, x] of a.entries()) {
    const y = b[i];
    if (y === undefined) return 1;
    const difference = compare(x, y);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** `absent` is what having none says: -1 to come first, 1 to come last. */
function compareOptional<T>(
  a: T | null,
  b: T | null,
  absent: number,
  compare: (x: T, y: T) => number,
): number {
  if (a !== null && b !== null) return compare(a, b);
  if (a === b) return 0;
  return a === null ? absent : -absent;
}
