export type { Config, LogLevel } from "./config.ts";
export type { DatabaseConfig } from "./database.ts";
export { describeConfig } from "./describe.ts";
export { variableOf } from "./env.ts";
export { type KeyPath, keyPaths } from "./keys.ts";
export { type ConfigSource, loadConfig } from "./load.ts";
export type { StorageConfig } from "./storage.ts";
export { formatDuration, parseDuration } from "./values.ts";
