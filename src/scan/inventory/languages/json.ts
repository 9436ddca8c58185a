import { UnreadableFile } from "../analyzer.ts";

/** In characters: several times what the longest real lists have. */
const maxJson = 8 * 1024 * 1024;
/** Each level costs the parser a hundred bytes of memory. */
const maxDepth = 64;

/** Throws UnreadableFile for what is no JSON, too long or too deep. */
export function parseJson(text: string): unknown {
  if (text.length > maxJson) throw new UnreadableFile(`It is JSON of ${text.length} characters.`);
  expectShallow(text);
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw new UnreadableFile("It is not valid JSON.", { cause });
  }
}

function expectShallow(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth > maxDepth) throw new UnreadableFile("It is JSON of too many levels.");
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
