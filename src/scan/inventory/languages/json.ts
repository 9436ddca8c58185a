import { UnreadableFile } from "../analyzer.ts";

/** In characters. Parsed it takes several times as much memory. */
const maxJson = 32 * 1024 * 1024;

/** Throws UnreadableFile for what is no JSON, or too long. */
export function parseJson(text: string): unknown {
  if (text.length > maxJson) throw new UnreadableFile(`It is JSON of ${text.length} characters.`);
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw new UnreadableFile("It is not valid JSON.", { cause });
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
