import pino, { type Logger } from "pino";

export type { Logger };

/** Fields that may hold a secret, should one ever be logged by mistake. */
const secretFields = ["password", "secret", "token", "authorization", "cookie", "*.password", "*.secret"];

/** Structured logs, one JSON object a line, on standard error or into `file`. */
export function createLog(level: string, file: string | null, base: Record<string, unknown> = {}): Logger {
  const options = {
    level,
    base,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretFields, censor: "[redacted]" },
  };
  return pino(options, pino.destination({ dest: file ?? 2, sync: true, mkdir: true }));
}
