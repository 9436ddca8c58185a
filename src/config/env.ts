import { type KeyPath, keyPaths } from "./keys.ts";
import { nearest } from "./nearest.ts";
import type { Setting, Settings } from "./settings.ts";

const prefix = "BREAKWATER_";

/** The variable that overrides a key: `https.port` → BREAKWATER_HTTPS_PORT; `breakwater.` is not said twice. */
export function variableOf(key: KeyPath): string {
  return (
    prefix +
    key
      .replace(/^breakwater\./, "")
      .replaceAll(".", "_")
      .toUpperCase()
  );
}

const variables: ReadonlyMap<string, KeyPath> = new Map(keyPaths.map((key) => [variableOf(key), key]));

/**
 * Kubernetes gives every container `NAME_PORT=tcp://10.0.0.1:80` for a service of that name: a service called
 * "breakwater-https" must not be taken for somebody's setting.
 */
const serviceLink = /^(?:tcp|udp|sctp):\/\//;

/** What the environment sets; an empty variable counts as absent. Foreign variables are left alone, likely slips are named. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): {
  settings: Settings;
  warnings: string[];
} {
  const settings = new Map<KeyPath, Setting>();
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(prefix) || text === undefined || text === "" || serviceLink.test(text)) continue;
    const key = variables.get(name);
    if (key !== undefined) {
      settings.set(key, { text, origin: name });
      continue;
    }
    const meant = nearest(
      name.slice(prefix.length),
      [...variables.keys()].map((known) => known.slice(prefix.length)),
    );
    if (meant !== undefined) {
      warnings.push(`The environment variable ${name} is not known. Did you mean ${prefix}${meant}?`);
    }
  }
  return { settings, warnings };
}
