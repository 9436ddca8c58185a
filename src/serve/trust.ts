import { sql } from "kysely";
import type { Config } from "../config/index.ts";
import { Believed } from "../db/index.ts";
import {
  createGate,
  createGunCheck,
  createTrustGrants,
  type Metrics,
  type TokenServices,
  TufMetrics,
  type TufServices,
} from "../http/index.ts";
import { isRefusal } from "../kernel/index.ts";
import type { ProjectServices } from "../projects/index.ts";
import type { Services } from "./services.ts";

/** The `service` of Notary's tokens, by Harbor's name for it. */
const notaryService = "harbor-notary";

/** Notary's API, and what the token service needs to know of it. */
export function trustApi(
  { externalUrl, notary }: Config,
  { access, audit, database, projects, trust }: Services,
  metrics: Metrics,
): { readonly tuf: TufServices; readonly trustTokens: NonNullable<TokenServices["trust"]> } {
  const { rights } = projects;
  const known = new Believed<string, boolean>(database, 1_000);
  const isGun = createGunCheck(trust.names, (name) => known.get(name, () => isProject(projects, name)));
  const grants = createTrustGrants(trust.names, rights, isGun);
  const gate = createGate({
    access,
    rights,
    audit,
    grants,
    isGun,
    service: notaryService,
    tokenUrl: externalUrl,
  });
  return {
    tuf: {
      ...gate,
      trust,
      metrics: new TufMetrics(metrics.registry),
      gunPrefixes: notary.gunPrefixes,
      async health() {
        try {
          await sql`select 1`.execute(database.read);
          return {};
        } catch {
          return { database: "The database does not answer." };
        }
      },
    },
    trustTokens: { service: notaryService, grants },
  };
}

async function isProject({ projects }: ProjectServices, name: string): Promise<boolean> {
  try {
    await projects.get({ name });
    return true;
  } catch (error) {
    if (isRefusal(error, "NOT_FOUND")) return false;
    throw error;
  }
}
