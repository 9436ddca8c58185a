import { Option } from "commander";
import type { Config } from "../config/index.ts";

export interface ConfigurationOptions {
  readonly config?: string;
}

/** The option by which every command takes the configuration's file. */
export function configOption(): Option {
  return new Option(
    "-c, --config <file>",
    "configuration in the form of Harbor's harbor.yml (default: none)",
  ).env("BREAKWATER_CONFIG");
}

/** The configuration of this process; `overrides` are variables that prevail over the environment's. */
export async function loadConfiguration(
  { config: file }: ConfigurationOptions,
  overrides: Readonly<Record<string, string>> = {},
): Promise<{ config: Config; warnings: string[] }> {
  const { loadConfig } = await import("../config/index.ts");
  const env = { ...process.env, ...overrides };
  return loadConfig({ ...(file !== undefined && { file }), env, cwd: process.cwd() });
}
