/**
 * Numbers of versions as digits: a date and time with a build number is more than a `number` holds exactly, and
 * some ecosystems allow any length.
 */

/** Without zeros at the start, as `compareNumerals` needs them; zero is "0". */
export function toNumeral(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits.charCodeAt(start) === 48) start++;
  return start === 0 ? digits : digits.slice(start);
}

export function compareNumerals(a: string, b: string): number {
  return a.length === b.length ? compareText(a, b) : a.length - b.length;
}

/** By code units, which for ASCII is the order of bytes. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Compares lists of numerals, of which the shorter goes on with zeros. */
export function compareReleases(a: readonly string[], b: readonly string[]): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = compareNumerals(a[i] ?? "0", b[i] ?? "0");
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a character code is that of an ASCII digit; `NaN`, which is beyond a text's end, is none. */
export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Whether a character code is that of an ASCII letter. */
export function isLetter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}
