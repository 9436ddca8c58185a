import { compareNumerals, compareText, isDigit, toNumeral } from "./numerals.ts";
import { defineOrder } from "./order.ts";

/**
 * Maven's versions in the order of Maven 3 (POM reference, "Version Order Specification"), which is what advisories
 * were written by; Maven 4 orders some unusual ones differently.
 */
type Item = Numeral | Qualifier | Sublist;

interface Numeral {
  readonly kind: "number";
  readonly value: string;
}

interface Qualifier {
  readonly kind: "qualifier";
  /** What it is compared by: known ones by their place, others behind them by their name. */
  readonly key: string;
}

/** What follows a hyphen, or a change between digits and letters. */
interface Sublist {
  readonly kind: "list";
  readonly items: Item[];
}

const places = new Map<string, number>(
  ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"].map((name, place) => [name, place]),
);
const aliases = new Map([
  ["ga", ""],
  ["final", ""],
  ["release", ""],
  ["cr", "rc"],
]);
/** Before a digit only. */
const abbreviations = new Map([
  ["a", "alpha"],
  ["b", "beta"],
  ["m", "milestone"],
]);
const zero: Numeral = { kind: "number", value: "0" };
const release = toQualifier("");

/** Maven itself takes anything; but a property that nobody has filled in is no version. */
const form = /^[0-9A-Za-z._+~-]+$/;

export const maven = defineOrder<readonly Item[]>(
  (text) => (form.test(text) ? parse(text.toLowerCase()) : null),
  compareLists,
);

function parse(text: string): readonly Item[] {
  const root: Item[] = [];
  const lists = [root];
  let list = root;
  let start = 0;
  let inDigits = false;

  function open(): void {
    const items: Item[] = [];
    list.push({ kind: "list", items });
    lists.push(items);
    list = items;
  }
  function take(end: number): void {
    const part = text.slice(start, end);
    if (part === "") list.push(zero);
    else list.push(inDigits ? { kind: "number", value: toNumeral(part) } : toQualifier(part));
  }

  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "." || character === "-") {
      take(i);
      start = i + 1;
      if (character === "-") open();
      continue;
    }
    const digit = isDigit(text.charCodeAt(i));
    if (digit !== inDigits && i > start) {
      // A qualifier with a number has a list of its own, also behind a dot: 1.0.0.x1 comes before 1.0.0-x2.
      if (digit && list.length > 0) open();
      const part = text.slice(start, i);
      if (digit) list.push(toQualifier(abbreviations.get(part) ?? part));
      else take(i);
      start = i;
      open();
    }
    inDigits = digit;
  }
  if (start < text.length) {
    if (!inDigits && list.length > 0) open();
    take(text.length);
  }
  for (const items of lists.reverse()) normalize(items);
  return root;
}

function toQualifier(text: string): Qualifier {
  const name = aliases.get(text) ?? text;
  return { kind: "qualifier", key: String(places.get(name) ?? `${places.size}-${name}`) };
}

/** Removes what says nothing at the end, and before the lists there. */
function normalize(items: Item[]): void {
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i];
    if (item === undefined || saysNothing(item)) items.splice(i, 1);
    else if (item.kind !== "list") break;
  }
}

function saysNothing(item: Item): boolean {
  if (item.kind === "list") return item.items.length === 0;
  return item.kind === "number" ? item.value === "0" : item.key === release.key;
}

function compareLists(a: readonly Item[], b: readonly Item[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]];
    const difference = x === undefined ? -compareWithNothing(y) : compareItems(x, y);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareItems(x: Item, y: Item | undefined): number {
  if (y === undefined) return compareWithNothing(x);
  if (x.kind === "number" && y.kind === "number") return compareNumerals(x.value, y.value);
  if (x.kind === "list" && y.kind === "list") return compareLists(x.items, y.items);
  if (x.kind === "qualifier" && y.kind === "qualifier") return compareText(x.key, y.key);
  return rankOf(x) - rankOf(y);
}

function rankOf({ kind }: Item): number {
  if (kind === "number") return 2;
  return kind === "list" ? 1 : 0;
}

/** What an item says where the other version has ended. */
function compareWithNothing(item: Item | undefined): number {
  if (item === undefined) return 0;
  if (item.kind === "number") return item.value === "0" ? 0 : 1;
  if (item.kind === "qualifier") return compareText(item.key, release.key);
  for (const inner of item.items) {
    const difference = compareWithNothing(inner);
    if (difference !== 0) return difference;
  }
  return 0;
}
