import { parseArgs } from "node:util";

export interface Options {
  /** Names of the scenarios to run; empty means all. */
  readonly only: readonly string[];
  readonly runs: number;
  /** Small data and short loads: shows that the bench works, says nothing about speed. */
  readonly quick: boolean;
  /** docker-registry on both sides: what differs from 1× is the bench's own noise. */
  readonly selfCheck: boolean;
  readonly write: boolean;
}

export const usage = `Usage: npm run bench -- [options]

  --only NAME    run this scenario (may be repeated)
  --runs N       interleaved runs of each measurement, the median counts (default 5)
  --quick        small data, one run: a check of the bench, not of the registry
  --self-check   docker-registry against itself: shows the noise of the ratios
  --write        write the table into docs/benchmarks.md
  --help         this text`;

/** Returns undefined when help was asked for. */
export function parseOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string", multiple: true, default: [] },
      runs: { type: "string" },
      quick: { type: "boolean", default: false },
      "self-check": { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const runs = Number(values.runs ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1) throw new Error("--runs wants a whole number from 1");
  if (values.write && (values.quick || values["self-check"] || values.only.length > 0)) {
    throw new Error("--write wants the whole table: leave out --only, --quick and --self-check");
  }
  return {
    only: values.only,
    runs,
    quick: values.quick,
    selfCheck: values["self-check"],
    write: values.write,
  };
}
