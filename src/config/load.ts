import { resolve } from "node:path";
import type { z } from "zod";
import { findProblems, findWarnings } from "./check.ts";
import { type Config, toConfig } from "./config.ts";
import { readEnvironment } from "./env.ts";
import { readConfigFile } from "./file.ts";
import type { FileContent } from "./file-reader.ts";
import { type KeyPath, keys, type Values } from "./keys.ts";
import { type Problem, refusal, type Setting, type Settings, wrongValue } from "./settings.ts";

export interface ConfigSource {
  /** In the form of Harbor's harbor.yml; without one, the defaults hold. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start, in the file and the environment alike. */
  readonly cwd: string;
}

const noFile: FileContent = { settings: new Map(), sections: new Set(), problems: [], warnings: [] };

/**
 * The configuration from file and environment, of which the environment prevails, deeply frozen. Throws
 * CONFIG_INVALID with all that is wrong; `warnings` are sentences for the operator.
 */
export async function loadConfig(source: ConfigSource): Promise<{ config: Config; warnings: string[] }> {
  const file = source.file === undefined ? noFile : await readConfigFile(resolve(source.cwd, source.file));
  const environment = readEnvironment(source.env);
  const { values, problems } = validate(new Map([...file.settings, ...environment.settings]));
  const config = toConfig(values, file.sections, source.cwd);
  problems.unshift(...file.problems);
  problems.push(...(await findProblems(config)));
  if (problems.length > 0) throw refusal(problems);
  return {
    config: freeze(config),
    warnings: [...file.warnings, ...environment.warnings, ...findWarnings(config)],
  };
}

function validate(settings: Settings): { values: Values; problems: Problem[] } {
  const values: Partial<Record<KeyPath, unknown>> = {};
  const problems: Problem[] = [];
  for (const [key, setting] of settings) {
    const schema: z.ZodType<unknown, string> = keys[key];
    const { success, data, error } = schema.safeParse(setting.text);
    if (success) values[key] = data;
    else problems.push(...error.issues.map((issue) => toProblem(key, setting, issue)));
  }
  return { values: values as Values, problems };
}

/** An issue with a path is about a part of the value, and says itself what may be shown of it. */
function toProblem(key: KeyPath, setting: Setting, issue: z.core.$ZodIssue): Problem {
  if (issue.path.length === 0 && !("params" in issue)) return wrongValue(key, setting, issue.message);
  const found = issue.code === "custom" ? issue.params?.found : undefined;
  return {
    key: [key, ...issue.path].join("."),
    expected: issue.message,
    origin: setting.origin,
    ...(typeof found === "string" ? { found } : {}),
  };
}

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) freeze(inner);
  }
  return Object.freeze(value);
}
