import { compareNumerals, compareText, isDigit, toNumeral } from "./numerals.ts";
import { defineOrder } from "./order.ts";

/** Maven's version order (POM reference, "Version Order Specification"), as `ComparableVersion` carries it out. */
type Item = Numeral | Qualifier | Numbered | Sublist;

interface Numeral {
  readonly kind: "number";
  readonly value: string;
}

interface Qualifier {
  readonly kind: "qualifier";
  /** What it is compared by: known ones by their place, others behind them by their name. */
  readonly key: string;
}

/** A qualifier with its number: `rc1`, `rc-1`. */
interface Numbered {
  readonly kind: "numbered";
  readonly key: string;
  readonly value: string;
}

/** What follows a hyphen, or a change between digits and letters. */
interface Sublist {
  readonly kind: "list";
  readonly items: Item[];
}

const places = new Map([
  ...["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"].map((name, place) => [name, place] as const),
  ["cr", 3],
  ...["ga", "final", "release"].map((name) => [name, 5] as const),
]);
const released = "5";
const abbreviations = new Map([
  ["a", "alpha"],
  ["b", "beta"],
  ["m", "milestone"],
]);

/** Maven itself takes anything; but a property that nobody has filled in is no version. */
const form = /^[0-9A-Za-z._+~-]+$/;

export const maven = defineOrder<readonly Item[]>(
  (text) => (form.test(text) ? parse(text.toLowerCase()) : null),
  compareLists,
);

function parse(text: string): readonly Item[] {
  const lists: Item[][] = [[]];
  let list = lists[0] ?? [];
  let start = 0;
  let inDigits = false;
  let isNumbered = false;

  function open(): void {
    if (list.length === 0) return;
    const items: Item[] = [];
    list.push({ kind: "list", items });
    lists.push(items);
    list = items;
  }
  function take(end: number): void {
    list.push(end === start ? zero : toItem(text.slice(start, end), inDigits, isNumbered));
    isNumbered = false;
  }

  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === ".") {
      take(i);
      start = i + 1;
    } else if (character === "-") {
      // The number of `rc-1` belongs to it as that of `rc1` does.
      if (i > start && !inDigits && isDigit(text.charCodeAt(i + 1))) continue;
      take(i);
      start = i + 1;
      open();
    } else if (isDigit(text.charCodeAt(i))) {
      if (!inDigits && i > start) {
        isNumbered = true;
        open();
      }
      inDigits = true;
    } else {
      if (inDigits && i > start) {
        take(i);
        start = i;
        open();
      }
      inDigits = false;
    }
  }
  if (start < text.length) {
    if (!inDigits) open();
    take(text.length);
  }
  for (const items of lists.reverse()) normalize(items);
  return lists.at(-1) ?? [];
}

const zero: Numeral = { kind: "number", value: "0" };

function toItem(text: string, inDigits: boolean, isNumbered: boolean): Item {
  if (isNumbered) {
    const at = text.search(/\d/);
    const name = text.slice(0, at).replaceAll("-", "");
    return {
      kind: "numbered",
      key: keyOf(abbreviations.get(name) ?? name),
      value: toNumeral(text.slice(at)),
    };
  }
  return inDigits ? { kind: "number", value: toNumeral(text) } : { kind: "qualifier", key: keyOf(text) };
}

function keyOf(qualifier: string): string {
  return String(places.get(qualifier) ?? `7-${qualifier}`);
}

/** Removes what says nothing: zeros, and lists of nothing else, at the end and before a qualifier. */
function normalize(items: Item[]): void {
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i];
    const next = items[i + 1];
    const first = next?.kind === "list" ? next.items[0] : next;
    const saysNothing =
      item?.kind === "list" ? item.items.length === 0 : item?.kind === "number" && item.value === "0";
    if (!saysNothing) continue;
    if (
      next === undefined ||
      first?.kind === "qualifier" ||
      (next.kind === "list" && first?.kind === "numbered")
    ) {
      items.splice(i, 1);
    }
  }
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
  const difference = rankOf(x) - rankOf(y);
  if (difference !== 0) return difference;
  if (!("key" in x && "key" in y)) return 0;
  return compareText(x.key, y.key) || compareNumbers(x, y);
}

/** Of one qualifier, with a number comes after without. */
function compareNumbers(x: Qualifier | Numbered, y: Qualifier | Numbered): number {
  if (x.kind === "numbered" && y.kind === "numbered") return compareNumerals(x.value, y.value);
  return Number(x.kind === "numbered") - Number(y.kind === "numbered");
}

function rankOf({ kind }: Item): number {
  if (kind === "number") return 2;
  return kind === "list" ? 1 : 0;
}

/** What an item says where the other version has ended. */
function compareWithNothing(item: Item | undefined): number {
  if (item === undefined) return 0;
  if (item.kind === "number") return item.value === "0" ? 0 : 1;
  if (item.kind !== "list") return compareText(item.key, released);
  for (const inner of item.items) {
    const difference = compareWithNothing(inner);
    if (difference !== 0) return difference;
  }
  return 0;
}
