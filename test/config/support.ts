import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Config, loadConfig } from "../../src/config/index.ts";
import { isRefusal } from "../../src/kernel/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

interface Loaded {
  readonly config: Config;
  readonly warnings: string[];
  /** Where the file lay, which is the working directory too. */
  readonly cwd: string;
}

/** Loads `yaml` from a file called test.yml, beside which `files` lie. */
export async function load(
  yaml: string | undefined,
  env: Record<string, string> = {},
  files: readonly string[] = [],
): Promise<Loaded> {
  await using directory = await temporaryDirectory("config");
  const cwd = directory.path;
  for (const name of files) await writeFile(join(cwd, name), "");
  if (yaml === undefined) return { ...(await loadConfig({ env, cwd })), cwd };
  await writeFile(join(cwd, "test.yml"), yaml);
  return { ...(await loadConfig({ file: "test.yml", env, cwd })), cwd };
}

/** The refusal's message; fails when the configuration is taken, or when something else goes wrong. */
export async function refusalOf(yaml: string | undefined, env: Record<string, string> = {}): Promise<string> {
  try {
    await load(yaml, env);
  } catch (error) {
    if (isRefusal(error, "CONFIG_INVALID")) return error.message;
    throw error;
  }
  throw new Error("the configuration was taken");
}
