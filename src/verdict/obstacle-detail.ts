import type { Obstacle } from "./verdict.ts";

/** An obstacle as clients are told of it, in refusals and by the API. */
export interface ObstacleDetail {
  readonly kind: Obstacle["kind"];
  readonly message: string;
  readonly findings?: {
    readonly id: string;
    readonly severity: string;
    readonly status: string;
    readonly package: string;
    readonly version: string;
    readonly fix_version: string | null;
    readonly exploited: boolean;
  }[];
  readonly total?: number;
  readonly data_as_of?: string | null;
}

export function toDetail(obstacle: Obstacle): ObstacleDetail {
  const { kind, message } = obstacle;
  if (!("dataAsOf" in obstacle)) return { kind, message };
  const data_as_of = obstacle.dataAsOf === null ? null : new Date(obstacle.dataAsOf).toISOString();
  if (obstacle.kind === "outdated-data") return { kind, message, data_as_of };
  const findings = obstacle.findings.map(({ fixedVersion, ...finding }) => ({
    ...finding,
    fix_version: fixedVersion,
  }));
  return { kind, message, findings, total: obstacle.total, data_as_of };
}
