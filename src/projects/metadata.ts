import { BreakwaterError } from "../kernel/index.ts";

/** A project's settings by Harbor's names. `public` is among them for clients; the project itself holds it. */
export type Metadata = Readonly<Record<string, string>>;

type Normalise = (value: string) => string | undefined;

const flag: Normalise = (value) => {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return "true";
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return "false";
  return undefined;
};

const severity: Normalise = (value) => {
  const lower = value.toLowerCase();
  if (lower === "negligible") return "none";
  return ["none", "low", "medium", "high", "critical"].includes(lower) ? lower : undefined;
};

const wholeNumber: Normalise = (value) => (/^-?\d{1,9}$/.test(value) ? String(Number(value)) : undefined);

const connections: Normalise = (value) => {
  const count = wholeNumber(value);
  return count === "-1" || Number(count) > 0 ? count : undefined;
};

/** Roles such as `targets/releases`, or canonical key ids, between commas: Breakwater's own setting. */
const signers: Normalise = (value) => {
  const wanted = value.split(",").map((signer) => signer.trim());
  const good = wanted.every((signer) => /^(targets(\/[-a-z0-9_]+)*|[0-9a-f]{64})$/.test(signer));
  return good && wanted.length <= 50 ? wanted.join(",") : undefined;
};

/** The names that Harbor's metadata endpoint takes, with the form in which each value is kept. */
const known = new Map<string, Normalise>([
  ["public", flag],
  ["enable_content_trust", flag],
  ["enable_content_trust_cosign", flag],
  ["content_trust_signers", signers],
  ["prevent_vul", flag],
  ["severity", severity],
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
  const normalise = known.get(name);
  if (normalise === undefined) throw new BreakwaterError("BAD_REQUEST", `invalid key: ${name.slice(0, 80)}`);
  const kept = normalise(value);
  if (kept === undefined) {
    throw new BreakwaterError("BAD_REQUEST", `invalid value: ${value.slice(0, 80)} (of ${name})`);
  }
  return kept;
}

export function isMetadataName(name: string): boolean {
  return known.has(name);
}
