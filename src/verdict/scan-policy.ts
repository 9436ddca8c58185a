import { day } from "../kernel/index.ts";
import type { LiftingRules, Severity } from "../scan/index.ts";

/** What a project that blocks vulnerable images (Harbor's `prevent_vul`) demands of them. */
export interface ScanPolicy {
  /** From this severity on a finding forbids the pull. */
  readonly threshold: Severity;
  /** Whether findings that nobody has rated may be anything, and so forbid it too. */
  readonly denyUnrated: boolean;
  /** What happens to what is not, or not wholly, scanned. */
  readonly missing: "deny" | "allow" | "wait";
  readonly waitSeconds: number;
  /** Milliseconds after which data is outdated; null for never. */
  readonly maxAge: number | null;
  readonly reuseSystem: boolean;
  readonly cveList: LiftingRules["cveList"];
  /** Whose attached VEX documents count: `user:<name>`, `robot:<name>`, and `signed`. */
  readonly vexTrusted: readonly string[];
}

/** The settings that it is made of. */
export const scanSettings = [
  "prevent_vul",
  "severity",
  "scan_missing",
  "scan_wait_seconds",
  "scan_max_age_days",
  "scan_unknown_severity",
  "reuse_sys_cve_allowlist",
  "cve_allowlist",
  "vex_trusted",
] as const;

const thresholds: Readonly<Record<string, Severity>> = {
  none: "None",
  low: "Low",
  medium: "Medium",
  high: "High",
  critical: "Critical",
};
const defaultWait = 30;

/** Null while the project blocks nothing. What is not set is as strict as it may be, but for the severity None. */
export function readScanPolicy(settings: ReadonlyMap<string, string>): ScanPolicy | null {
  if (settings.get("prevent_vul") !== "true") return null;
  const missing = settings.get("scan_missing");
  const days = Number(settings.get("scan_max_age_days") ?? 0);
  const list = settings.get("cve_allowlist");
  return {
    threshold: thresholds[settings.get("severity") ?? "low"] ?? "Low",
    denyUnrated: settings.get("scan_unknown_severity") !== "allow",
    missing: missing === "allow" || missing === "wait" ? missing : "deny",
    waitSeconds: Number(settings.get("scan_wait_seconds") ?? defaultWait),
    maxAge: days === 0 ? null : days * day,
    // Harbor's default, too.
    reuseSystem: settings.get("reuse_sys_cve_allowlist") !== "false",
    cveList: list === undefined ? { cveIds: [], expiresAt: null } : JSON.parse(list),
    vexTrusted: (settings.get("vex_trusted") ?? "").split(",").filter((one) => one !== ""),
  };
}
