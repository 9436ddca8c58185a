import { isDigit, isLetter } from "./numerals.ts";
import { defineOrder } from "./order.ts";

/** Debian Policy 5.6.12; deb-version(7). */
interface DebianVersion {
  readonly epoch: number;
  readonly upstream: string;
  readonly revision: string;
}

/** dpkg takes an upstream part that does not begin with a digit, too. A colon is an epoch's or behind one. */
const form = /^(?:(\d+):(?=.)|(?!.*:))([0-9A-Za-z.+~:-]+)$/;
const revisionForm = /^[0-9A-Za-z.+~]+$/;
const maxEpoch = 2 ** 31 - 1;

export const deb = defineOrder<DebianVersion>(parse, (a, b) => {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  return compareParts(a.upstream, b.upstream) || compareParts(a.revision, b.revision);
});

/** The revision is what follows the last hyphen. */
function parse(text: string): DebianVersion | null {
  const [, epoch = "0", rest] = form.exec(text) ?? [];
  if (rest === undefined || Number(epoch) > maxEpoch) return null;
  const hyphen = rest.lastIndexOf("-");
  if (hyphen === -1) return { epoch: Number(epoch), upstream: rest, revision: "" };
  const revision = rest.slice(hyphen + 1);
  if (hyphen === 0 || !revisionForm.test(revision)) return null;
  return { epoch: Number(epoch), upstream: rest.slice(0, hyphen), revision };
}

/** By turns a stretch without digits, by `weightOf` each character, and a number; what is missing counts as 0. */
function compareParts(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while (isMore(a, i) || isMore(b, j)) {
      const difference = weightOf(a.charCodeAt(i)) - weightOf(b.charCodeAt(j));
      if (difference !== 0) return difference;
      i++;
      j++;
    }
    while (a.charCodeAt(i) === 48) i++;
    while (b.charCodeAt(j) === 48) j++;
    let first = 0;
    while (isDigit(a.charCodeAt(i)) && isDigit(b.charCodeAt(j))) {
      if (first === 0) first = a.charCodeAt(i) - b.charCodeAt(j);
      i++;
      j++;
    }
    if (isDigit(a.charCodeAt(i))) return 1;
    if (isDigit(b.charCodeAt(j))) return -1;
    if (first !== 0) return first;
  }
  return 0;
}

/** Whether a stretch without digits goes on there. */
function isMore(text: string, at: number): boolean {
  return at < text.length && !isDigit(text.charCodeAt(at));
}

/** A tilde comes even before the end; letters come before all else. */
function weightOf(code: number): number {
  if (code === 126) return -1;
  if (Number.isNaN(code) || isDigit(code)) return 0;
  return isLetter(code) ? code : code + 256;
}
