import { type Clock, Lru, second } from "../../kernel/index.ts";
import { Adapter } from "./adapter/adapter.ts";
import { AdapterError } from "./adapter/adapter-error.ts";
import type { AdapterMetadata } from "./adapter/metadata.ts";
import type { AdapterAccess, Registration } from "./registration.ts";

/** How long an adapter is not asked again: each page of the portal asks about all of them. */
const remembered = 30 * second;

/** How an adapter is, and what it says of itself. */
export type Health =
  | { readonly healthy: true; readonly metadata: AdapterMetadata }
  /** Sentences, for those who may see the registration. */
  | { readonly healthy: false; readonly reason: string };

/** Asks adapters how they are. */
export class HealthChecks {
  readonly #clock: Clock;
  readonly #known = new Lru<string, { readonly at: number; readonly health: Promise<Health> }>(100);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async of(registration: Registration, access: () => Promise<AdapterAccess>): Promise<Health> {
    const key = `${registration.uuid} ${registration.updatedAt}`;
    const known = this.#known.get(key);
    if (known !== undefined && this.#clock() - known.at < remembered) return known.health;
    const health = ask(access);
    this.#known.set(key, { at: this.#clock(), health });
    health.catch(() => this.#known.delete(key));
    return health;
  }

  /** Asks one that is not registered yet, or not so. */
  ask(access: AdapterAccess): Promise<Health> {
    return ask(async () => access);
  }
}

async function ask(access: () => Promise<AdapterAccess>): Promise<Health> {
  try {
    return { healthy: true, metadata: await new Adapter(await access()).metadata() };
  } catch (error) {
    if (error instanceof AdapterError) {
      return { healthy: false, reason: `${error.message} ${error.details}`.trimEnd() };
    }
    throw error;
  }
}
