import { compareNumerals, compareText, toNumeral } from "./numerals.ts";
import { defineOrder } from "./order.ts";

/** `Gem::Version`: numbers and words, of which a word makes it a version before the release. */
type GemVersion = readonly Segment[];

interface Segment {
  readonly text: string;
  readonly numeric: boolean;
}

const form = /^\s*\d+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\s*$/;

export const gem = defineOrder<GemVersion>(parse, (a, b) => {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i] ?? zero, b[i] ?? zero];
    if (x.numeric !== y.numeric) return x.numeric ? 1 : -1;
    const difference = x.numeric ? compareNumerals(x.text, y.text) : compareText(x.text, y.text);
    if (difference !== 0) return difference;
  }
  return 0;
});

const zero: Segment = { text: "0", numeric: true };

/** Zeros at the end of the release, and at the end of what follows it, say nothing. */
function parse(text: string): GemVersion | null {
  if (!form.test(text)) return null;
  const segments = (text.replaceAll("-", ".pre.").match(/\d+|[a-z]+/gi) ?? []).map(toSegment);
  const word = segments.findIndex(({ numeric }) => !numeric);
  const release = word === -1 ? segments.length : word;
  return [...withoutZeros(segments.slice(0, release)), ...withoutZeros(segments.slice(release))];
}

function toSegment(text: string): Segment {
  return /^\d/.test(text) ? { text: toNumeral(text), numeric: true } : { text, numeric: false };
}

function withoutZeros(segments: Segment[]): readonly Segment[] {
  while (segments.at(-1)?.text === "0") segments.pop();
  return segments;
}
