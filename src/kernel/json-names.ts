/*
 * JSON that readers take for different things: where a name comes twice in an object, some take the first, some the last,
 * and some merge the two; Go's reader, and so most clients, takes `Layers` for `layers`.
 */

/** A name as Go folds it to find a field: the long s and the Kelvin sign are letters of ASCII to it. */
export function foldName(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** How many names valid JSON has, each as often as it comes: strings with a colon behind them. */
export function countNames(text: string): number {
  let names = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at++;
    while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    at++;
    while (text[at] === " " || text[at] === "\n" || text[at] === "\t" || text[at] === "\r") at++;
    if (text[at] === ":") names++;
  }
  return names;
}
