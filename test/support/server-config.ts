/** A section of harbor.yml, or the whole of it. */
export interface Section {
  readonly [key: string]: unknown;
}

export interface Places {
  readonly hostname: string;
  readonly externalUrl: string;
  readonly dataDir: string;
  readonly adminPassword: string;
  readonly httpPort: number;
  /** Absent: plain HTTP. */
  readonly httpsPort: number | undefined;
  readonly metricsPort: number;
  readonly notaryPort: number;
}

/** What a server under test is configured with, with a test's own changes laid over it section by section. */
export function serverConfig(places: Places, changes: Section = {}): Section {
  const defaults = {
    hostname: places.hostname,
    external_url: places.externalUrl,
    http: { port: places.httpPort },
    ...(places.httpsPort === undefined ? {} : { https: { port: places.httpsPort } }),
    harbor_admin_password: places.adminPassword,
    data_volume: places.dataDir,
    metric: { enabled: true, port: places.metricsPort },
    notary: { port: places.notaryPort },
    // Nothing that a test starts is there for other machines.
    breakwater: { address: "127.0.0.1", metric: { address: "127.0.0.1" } },
  };
  return overlay(defaults, changes);
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function overlay(base: Section, changes: Section): Section {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const below = merged[key];
    merged[key] = isSection(below) && isSection(value) ? overlay(below, value) : value;
  }
  return merged;
}
