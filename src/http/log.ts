import { join } from "node:path";
import pino, { type Logger } from "pino";

export type { Logger };

export interface LogOptions {
  readonly level: string;
  /** The folder that the files go to; null for standard error. */
  readonly location: string | null;
  /** How many old files are kept. */
  readonly rotateCount: number;
  /** Bytes after which a file is old. */
  readonly rotateSize: number;
}

/** Fields that may hold a secret, should one ever be logged by mistake. */
const secretFields = ["password", "secret", "token", "authorization", "cookie", "*.password", "*.secret"];

/** Structured logs, one JSON object a line. `name` tells the processes that write to one folder apart. */
export async function createLog(
  options: LogOptions,
  name: string,
  base: Record<string, unknown> = {},
): Promise<Logger> {
  return pino(
    {
      level: options.level,
      base,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      redact: { paths: secretFields, censor: "[redacted]" },
    },
    await destination(options, name),
  );
}

async function destination({ location, rotateCount, rotateSize }: LogOptions, name: string) {
  if (location === null) return pino.destination({ dest: 2, sync: true });
  const { default: openRolling } = await import("pino-roll");
  return openRolling({
    file: join(location, name),
    extension: ".log",
    size: `${Math.ceil(rotateSize / 1024)}k`,
    limit: { count: rotateCount, removeOtherLogFiles: true },
    mkdir: true,
    sync: true,
  });
}
