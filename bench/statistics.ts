import type { Peer } from "./peers/peer.ts";
import type { Row } from "./scenario.ts";

/** The two sides of a comparison, and whatever was measured on each. */
export interface Sides<T> {
  readonly baseline: T;
  readonly breakwater: T;
}

/** How a kind of figure is shown, and which way is better. */
export interface Unit {
  readonly better: "higher" | "lower";
  show(value: number): string;
}

export const requestsPerSecond: Unit = {
  better: "higher",
  show: (value) => `${Math.round(value).toLocaleString("en-US")} req/s`,
};
export const publishesPerSecond: Unit = {
  better: "higher",
  show: (value) => `${Math.round(value).toLocaleString("en-US")} publishes/s`,
};
export const milliseconds: Unit = {
  better: "lower",
  show: (value) => `${value.toFixed(value < 100 ? 2 : 0)} ms`,
};
export const seconds: Unit = { better: "lower", show: (value) => `${value.toFixed(2)} s` };
export const megabytes: Unit = { better: "lower", show: (value) => `${(value / 1e6).toFixed(0)} MB` };
export const bytesPerSecond: Unit = { better: "higher", show: (value) => `${(value / 1e6).toFixed(0)} MB/s` };

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new Error("median of nothing");
  return (upper + lower) / 2;
}

/**
 * Measures A, B, A, B, …: whatever disturbs the machine for a while then disturbs both sides alike,
 * where all of A followed by all of B would charge it to one of them.
 */
export async function interleave<T>(
  runs: number,
  peers: Sides<Peer>,
  measure: (peer: Peer, run: number) => Promise<T>,
): Promise<Sides<T[]>> {
  const results = { baseline: [] as T[], breakwater: [] as T[] };
  for (let run = 0; run < runs; run++) {
    results.baseline.push(await measure(peers.baseline, run));
    results.breakwater.push(await measure(peers.breakwater, run));
  }
  return results;
}

export interface Target {
  readonly atLeast: number;
  /** Replaces "≥ N×" in the table. */
  readonly label?: string;
}

/** A ratio above 1 always means that Breakwater is the better one. */
export function compare(figure: string, unit: Unit, values: Sides<readonly number[]>, target: Target): Row {
  const baseline = median(values.baseline);
  const breakwater = median(values.breakwater);
  const ratio = unit.better === "higher" ? breakwater / baseline : baseline / breakwater;
  return {
    figure,
    baseline: unit.show(baseline),
    breakwater: unit.show(breakwater),
    ratio,
    target: target.label ?? `≥ ${target.atLeast}×`,
    met: ratio >= target.atLeast,
  };
}

/** A figure that Breakwater reaches, or not, by itself. */
export function limit(figure: string, unit: Unit, values: readonly number[], below: number): Row {
  const value = median(values);
  return { figure, breakwater: unit.show(value), target: `< ${unit.show(below)}`, met: value < below };
}
