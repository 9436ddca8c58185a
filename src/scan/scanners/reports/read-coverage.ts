import { z } from "zod";
import { type Coverage, coverageStates, maxEcosystem, maxMessage } from "../../match/finding.ts";

/** The entries of a report that are read. */
const maxEntries = 1000;
/** The latest that a date can be. */
const maxTime = 8.64e15;

const entry = z.object({
  ecosystem: z.string(),
  state: z.enum(coverageStates),
  asOf: z.number().min(-maxTime).max(maxTime).nullable(),
  packages: z.number().int().min(0),
  message: z.string(),
});

/**
 * Breakwater's own addition to a report, as another Breakwater sends it; null where there is none. What is there and
 * cannot be read covers nothing: nobody knows what it would have said.
 */
export function readCoverage(said: unknown): readonly Coverage[] | null {
  if (said === undefined || said === null) return null;
  if (!Array.isArray(said)) return [unread("unknown", "The report's coverage is no list.")];
  const entries = said.slice(0, maxEntries).map(readEntry);
  const left = said.length - entries.length;
  const reason = `The report's coverage has ${said.length} entries, of which ${left} were not read.`;
  return left === 0 ? entries : [...entries, unread("unknown", reason)];
}

function readEntry(said: unknown): Coverage {
  const { data } = entry.safeParse(said);
  if (data !== undefined) return cut(data);
  const { ecosystem, state, message } = (said ?? {}) as Readonly<Record<string, unknown>>;
  const name = typeof ecosystem === "string" ? ecosystem : "unknown";
  const known = typeof state !== "string" || coverageStates.some((one) => one === state);
  const reason = known
    ? "An entry of the report's coverage cannot be read."
    : `The report's coverage has a state that is not known here, ${JSON.stringify(state.slice(0, 64))}.`;
  return unread(name, typeof message === "string" ? `${reason} ${message}` : reason);
}

function unread(ecosystem: string, message: string): Coverage {
  return cut({ ecosystem, state: "unparsable", asOf: null, packages: 0, message });
}

function cut(said: Coverage): Coverage {
  const { ecosystem, message } = said;
  return { ...said, ecosystem: ecosystem.slice(0, maxEcosystem), message: message.slice(0, maxMessage) };
}
