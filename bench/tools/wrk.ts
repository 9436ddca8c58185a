import { join } from "node:path";
import { output } from "./process.ts";

export interface Load {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  readonly method?: string;
  /** Replaces `{n}` in the URL's path by this number, one more with each request. */
  readonly countFrom?: number;
  /** Paths that are asked for in turn, instead of the URL's. */
  readonly paths?: readonly string[];
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly requests: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * wrk tells a script what it measured: one line of JSON instead of a table to pick apart.
 * Latencies come in microseconds.
 */
const reporting = `
function done(summary, latency)
  local e = summary.errors
  print(string.format('RESULT {"requests":%d,"duration":%d,"p50":%d,"p99":%d,"errors":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;

const counting = (path: string, from: number) => `
local n = ${from - 1}
function request()
  n = n + 1
  return wrk.format(nil, (string.gsub(${JSON.stringify(path)}, "{n}", tostring(n))))
end
`;

// Written out once: a load that builds each request anew would measure itself.
const rotating = (paths: readonly string[]) => `
local requests = {}
local n = 0
function init()
  for i, path in ipairs({ ${paths.map((path) => JSON.stringify(path)).join(", ")} }) do
    requests[i] = wrk.format(nil, path)
  end
end
function request()
  n = n % #requests + 1
  return requests[n]
end
`;

/** One thread: it saturates the servers here, and leaves them the machine's other core. */
export async function wrk(folder: string, load: Load): Promise<LoadResult> {
  const { pathname, search } = new URL(load.url);
  const script = join(folder, "wrk.lua");
  const method = `wrk.method = ${JSON.stringify(load.method ?? "GET")}\n`;
  const count = load.countFrom === undefined ? "" : counting(decodeURI(pathname) + search, load.countFrom);
  const turns = load.paths === undefined ? "" : rotating(load.paths);
  await Bun.write(script, method + count + turns + reporting);
  const headers = Object.entries(load.headers ?? {}).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const shape = ["-t1", `-c${load.connections}`, `-d${load.seconds}s`, "--latency"];
  const text = await output(["wrk", ...shape, "-s", script, ...headers, load.url]);
  return parse(text);
}

interface Summary {
  requests: number;
  duration: number;
  p50: number;
  p99: number;
  errors: number;
}

function parse(text: string): LoadResult {
  const line = /^RESULT (.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`wrk reported nothing:\n${text}`);
  const { requests, duration, p50, p99, errors }: Summary = JSON.parse(line);
  // A fast refusal is no speed: one bad answer spoils the measurement.
  if (errors > 0 || requests === 0) throw new Error(`wrk saw ${errors} errors in ${requests} requests`);
  return { requestsPerSecond: requests / (duration / 1e6), requests, p50: p50 / 1000, p99: p99 / 1000 };
}
