import { minute, second } from "../kernel/index.ts";
import type { Values } from "./keys.ts";
import { formatDuration } from "./values.ts";

/** Which clients fetch blobs from the storage by themselves. */
export interface RedirectConfig {
  readonly endpoint: string | null;
  readonly networks: readonly string[];
  readonly except: readonly string[];
  /** Seconds. */
  readonly lifetime: number;
}

/** Harbor redirects unless told not to, and so shows its clients hosts that they may not reach. Here it is asked for. */
export function toRedirect(values: Values): RedirectConfig | null {
  const disabled = values["storage_service.redirect.disable"];
  const asked = Object.keys(values).some((key) => key.startsWith("breakwater.redirect."));
  if (disabled === true || (disabled === undefined && !asked)) return null;
  return {
    endpoint: values["breakwater.redirect.endpoint"] ?? null,
    networks: values["breakwater.redirect.networks"] ?? [],
    except: values["breakwater.redirect.except"] ?? [],
    lifetime: (values["breakwater.redirect.expires_in"] ?? 20 * minute) / second,
  };
}

export function describeRedirect({ endpoint, networks, except, lifetime }: RedirectConfig): object {
  return {
    endpoint,
    networks: networks.length === 0 ? null : networks.join(", "),
    except: except.length === 0 ? null : except.join(", "),
    expires_in: formatDuration(lifetime * second),
  };
}
