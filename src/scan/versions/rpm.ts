import { compareNumerals, compareText, isDigit, isLetter, toNumeral } from "./numerals.ts";
import { defineOrder } from "./order.ts";

/** rpm-version(7). */
interface RpmVersion {
  readonly epoch: string;
  readonly version: string;
  /** Null where it is not said, and so not compared: a bound may be a version alone. */
  readonly release: string | null;
}

/** The characters that rpmbuild lets into a version and a release. */
const form = /^(?:(\d*):)?([0-9A-Za-z._+~^]+)(?:-([0-9A-Za-z._+~^]+))?$/;

export const rpm = defineOrder<RpmVersion>(
  (text) => {
    const [, epoch, version, release] = form.exec(text) ?? [];
    if (version === undefined) return null;
    return { epoch: toNumeral(epoch || "0"), version, release: release ?? null };
  },
  (a, b) => {
    const difference = compareNumerals(a.epoch, b.epoch) || compareParts(a.version, b.version);
    if (difference !== 0 || a.release === null || b.release === null) return difference;
    return compareParts(a.release, b.release);
  },
);

const tilde = 126;
const caret = 94;

/** Segment by segment: a number comes after letters, and what is left over after what has ended. */
function compareParts(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    i = skipSeparators(a, i);
    j = skipSeparators(b, j);
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(j);
    if (x === tilde || y === tilde) {
      if (x !== y) return x === tilde ? -1 : 1;
      i++;
      j++;
      continue;
    }
    if (x === caret || y === caret) {
      // A caret comes after the end, and before anything else.
      if (x !== y) return (x === caret ? j === b.length : i < a.length) ? 1 : -1;
      i++;
      j++;
      continue;
    }
    if (i === a.length || j === b.length) break;
    const numeric = isDigit(x);
    if (numeric !== isDigit(y)) return numeric ? 1 : -1;
    const endA = endOf(a, i, numeric);
    const endB = endOf(b, j, numeric);
    const [left, right] = [a.slice(i, endA), b.slice(j, endB)];
    const difference = numeric
      ? compareNumerals(toNumeral(left), toNumeral(right))
      : compareText(left, right);
    if (difference !== 0) return difference;
    i = endA;
    j = endB;
  }
  return a.length - i - (b.length - j);
}

function skipSeparators(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isDigit(code) || isLetter(code) || code === tilde || code === caret) return at;
  }
  return text.length;
}

function endOf(text: string, from: number, numeric: boolean): number {
  const belongs = numeric ? isDigit : isLetter;
  let end = from;
  while (end < text.length && belongs(text.charCodeAt(end))) end++;
  return end;
}
