import { BreakwaterError } from "../kernel/index.ts";

/** A project's settings by Harbor's names. `public` is among them for clients; the project itself holds it. */
export type Metadata = Readonly<Record<string, string>>;

/** How the values of a setting are kept: undefined for what does not fit. */
interface Form {
  readonly normalise: (value: string) => string | undefined;
  /** What is said of values that do not fit. */
  readonly expected: string;
}

const flag: Form = {
  normalise(value) {
    if (/^(1|t|T|TRUE|true|True)$/.test(value)) return "true";
    if (/^(0|f|F|FALSE|false|False)$/.test(value)) return "false";
    return undefined;
  },
  expected: "true or false",
};

const severities = ["none", "low", "medium", "high", "critical"];
const severity: Form = {
  normalise(value) {
    const lower = value.toLowerCase();
    if (lower === "negligible") return "none";
    return severities.includes(lower) ? lower : undefined;
  },
  expected: `one of ${severities.join(", ")}`,
};

const wholeNumber: Form = {
  normalise: (value) => (/^-?\d{1,9}$/.test(value) ? String(Number(value)) : undefined),
  expected: "a whole number",
};

function oneOf(...values: readonly string[]): Form {
  return {
    normalise(value) {
      const lower = value.toLowerCase();
      return values.includes(lower) ? lower : undefined;
    },
    expected: `one of ${values.join(", ")}`,
  };
}

function between(least: number, most: number, unit: string): Form {
  return {
    normalise(value) {
      const count = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
      return count >= least && count <= most ? String(count) : undefined;
    },
    expected: `a whole number from ${least} to ${most}: ${unit}`,
  };
}

const connections: Form = {
  normalise(value) {
    const count = wholeNumber.normalise(value);
    return count === "-1" || Number(count) > 0 ? count : undefined;
  },
  expected: "a whole number above 0, or -1 for no limit",
};

const maxSigners = 50;
/** Breakwater's own setting; empty for any valid signature. */
const signers: Form = {
  normalise(value) {
    if (value.trim() === "") return "";
    const wanted = [...new Set(value.split(",").map((signer) => signer.trim()))];
    const good = wanted.every((signer) => /^(targets(\/[-a-z0-9_]+)*|[0-9a-f]{64})$/.test(signer));
    return good && wanted.length <= maxSigners ? wanted.join(",") : undefined;
  },
  expected: `at most ${maxSigners} roles such as targets/releases, or key ids of 64 hexadecimal digits, between commas`,
};

/** What happens to pulls of what is not, or not wholly, scanned. Breakwater's own, as all that follow. */
const missing: Form = oneOf("deny", "allow", "wait");

const waitSeconds: Form = between(1, 60, "seconds");
const ageDays: Form = between(0, 3650, "days, 0 for any age");

const maxTrusted = 50;
/** Whose VEX documents count when they were pushed beside an image; empty for nobody's. */
const trusted: Form = {
  normalise(value) {
    if (value.trim() === "") return "";
    const wanted = [...new Set(value.split(",").map((one) => one.trim()))];
    const good = wanted.every((one) => one === "signed" || /^(?:user|robot):[^,:\p{Cc}]{1,255}$/u.test(one));
    return good && wanted.length <= maxTrusted ? wanted.join(",") : undefined;
  },
  expected: `at most ${maxTrusted} of signed, user:<name> and robot:<name>, between commas`,
};

/** The names that Harbor's metadata endpoint takes, and Breakwater's own. */
const known = new Map<string, Form>([
  ["public", flag],
  ["enable_content_trust", flag],
  ["enable_content_trust_cosign", flag],
  ["content_trust_signers", signers],
  ["prevent_vul", flag],
  ["severity", severity],
  ["scan_missing", missing],
  ["scan_wait_seconds", waitSeconds],
  ["scan_max_age_days", ageDays],
  ["scan_unknown_severity", oneOf("deny", "allow")],
  ["vex_trusted", trusted],
  ["auto_scan", flag],
  ["auto_sbom_generation", flag],
  ["reuse_sys_cve_allowlist", flag],
  ["proxy_referrer_api", flag],
  ["proxy_cache_local_on_not_found", flag],
  ["proxy_speed_kb", wholeNumber],
  ["max_upstream_conn", connections],
]);

/** The value as it is kept. Throws BAD_REQUEST for an unknown name or a value that does not fit it. */
export function normaliseMetadata(name: string, value: string): string {
  const form = known.get(name);
  if (form === undefined) throw new BreakwaterError("BAD_REQUEST", `invalid key: ${name.slice(0, 80)}`);
  const kept = form.normalise(value);
  if (kept === undefined) {
    throw new BreakwaterError(
      "BAD_REQUEST",
      `invalid value: ${value.slice(0, 80)} (of ${name}; expected ${form.expected})`,
    );
  }
  return kept;
}

/** True where an empty value does not mean that none is given. */
export function mayBeEmpty(name: string): boolean {
  return known.get(name)?.normalise("") === "";
}

export function isMetadataName(name: string): boolean {
  return known.has(name);
}
