import { BreakwaterError } from "../kernel/index.ts";
import { isKey, type KeyPath, secretKeys } from "./keys.ts";
import { quote } from "./quote.ts";

/** A key's text, as somebody wrote it, and where. */
export interface Setting {
  readonly text: string;
  /** `breakwater.yml:12` or `BREAKWATER_HTTPS_PORT`. */
  readonly origin: string;
}

export type Settings = ReadonlyMap<KeyPath, Setting>;

/** Something wrong with the configuration, for the person who wrote it. */
export interface Problem {
  readonly key: string;
  readonly expected: string;
  /** What is there instead; left out where it may be a secret. */
  readonly found?: string;
  readonly origin?: string;
}

/** A refusal of what was set for `key`. Never shows a secret. */
export function wrongValue(key: string, setting: Setting, expected: string): Problem {
  const hidden = isKey(key) && secretKeys.has(key);
  const { origin, text } = setting;
  return hidden ? { key, expected, origin } : { key, expected, origin, found: quote(text) };
}

function describe({ key, expected, found, origin }: Problem): string {
  const where = origin === undefined ? "" : ` (${origin})`;
  return `${key}${where}: expected ${expected}${found === undefined ? "" : `, found ${found}`}`;
}

/** All problems in one refusal, CONFIG_INVALID, so that nobody has to mend them one start at a time. */
export function refusal(problems: readonly Problem[]): BreakwaterError {
  const lines = problems.map(describe);
  const message =
    lines.length === 1
      ? `The configuration is not valid: ${lines[0]}`
      : `The configuration is not valid:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  return new BreakwaterError("CONFIG_INVALID", message, { detail: problems });
}
