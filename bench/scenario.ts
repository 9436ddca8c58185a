import type { Certificate } from "./tools/certificate.ts";

/** What every scenario gets. Each starts its own servers in a folder of its own, so none sees another's data. */
export interface Bench {
  readonly runs: number;
  readonly quick: boolean;
  readonly selfCheck: boolean;
  readonly folder: string;
  readonly certificate: Certificate;
}

export interface Scenario {
  readonly name: string;
  /** Programs that must be on the PATH. */
  readonly needs: readonly string[];
  /** Measures Breakwater without docker-registry beside it. */
  readonly alone?: boolean;
  run(bench: Bench): Promise<Row[]>;
}

/** One line of the table. */
export interface Row {
  readonly figure: string;
  readonly baseline?: string;
  readonly breakwater: string;
  readonly ratio?: number;
  readonly target: string;
  readonly met: boolean;
}

/** Stands in for the rows of a scenario that could not run: a gap in the table must be seen. */
export function notRun(name: string, reason: unknown): Row {
  const why = reason instanceof Error ? reason.message : String(reason);
  const line = why.split("\n", 1)[0]?.replaceAll("|", "/");
  return { figure: name, breakwater: `not run: ${line}`, target: "", met: false };
}
