import { mkdir } from "node:fs/promises";
import type { Config } from "../config/index.ts";
import { BreakwaterError } from "../kernel/index.ts";
import { requireWhole } from "../migration/index.ts";
import { openServices } from "./services.ts";
import { prepareStorage } from "./storage.ts";

/** What only the first start has to tell. */
export interface Prepared {
  /** The admin's, when it was generated just now. */
  readonly generatedPassword: string | null;
}

/** Does once what every process would otherwise race to do: the folders, the schema, the admin, `library`. */
export async function prepare(config: Config): Promise<Prepared> {
  refuseTakenPorts(config);
  // What is in there is more than each account of the machine may see.
  await mkdir(config.dataVolume, { recursive: true, mode: 0o700 });
  await prepareStorage(config.storage);
  await using services = await openServices(config);
  await requireWhole(services.database.read);
  const generatedPassword = await services.access.users.ensureAdmin(config.adminPassword);
  const admin = await services.access.users.find("admin");
  if (admin !== null) await services.projects.projects.ensureLibrary(admin.id);
  return { generatedPassword };
}

/**
 * The listeners share their ports, so that processes can join and certificates be exchanged. A second
 * installation on the same port must not go unnoticed for that: it would get half of the requests.
 */
function refuseTakenPorts(config: Config): void {
  for (const key of ["http", "https", "notary"] as const) {
    const listener = config[key];
    if (listener === null) continue;
    try {
      const probe = Bun.serve({
        port: listener.port,
        hostname: config.address,
        fetch: () => new Response(null, { status: 503 }),
      });
      probe.stop(true);
    } catch (cause) {
      throw new BreakwaterError(
        "CONFIG_INVALID",
        `The port ${listener.port} on ${config.address} cannot be used (${(cause as NodeJS.ErrnoException).code ?? cause}). Stop what listens there, or set another by ${key}.port.`,
        { cause },
      );
    }
  }
}
