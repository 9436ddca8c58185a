import { Counter, Gauge, type Registry } from "prom-client";
import type { TrustAlarm } from "../events/index.ts";
import { day, second } from "../kernel/index.ts";
import type { Trust } from "../trust/index.ts";

/** Metadata that expires later is of no interest to anybody yet. */
const expiryHorizon = 90 * day;
/** Each is a time series of its own. */
const maxExpiries = 100;

/** What is known of trust, in Prometheus's terms. What all processes know alike is taken from one of them. */
export class TrustMetrics {
  readonly #alarms: Counter<"kind">;

  constructor(registry: Registry, { watch, expiries }: Pick<Trust, "watch" | "expiries">) {
    const registers = [registry];
    this.#alarms = new Counter({
      name: "breakwater_trust_alarms_total",
      help: "What was noticed about trust, by kind: tags tampered, expired, restored; metadata expiring.",
      labelNames: ["kind"],
      registers,
    });
    for (const state of ["tampered", "expired"] as const) {
      new Gauge({
        name: `breakwater_trust_${state}_tags`,
        help: `Tags whose trust status is ${state}; NaN while the database does not answer.`,
        registers,
        aggregator: "max",
        async collect() {
          this.set(await watch.count(state).catch(() => Number.NaN));
        },
      });
    }
    new Gauge({
      name: "breakwater_trust_metadata_expiry_seconds",
      help: `Seconds until metadata expires that only people can sign anew: the ${maxExpiries} soonest within ${expiryHorizon / day} days.`,
      labelNames: ["gun", "role"],
      registers,
      aggregator: "max",
      async collect() {
        this.reset();
        const now = Date.now();
        for (const { gun, role, expiresAt } of await expiries
          .soonest(expiryHorizon, maxExpiries)
          .catch(() => [])) {
          this.set({ gun, role }, Math.round((expiresAt - now) / second));
        }
      },
    });
  }

  count(alarms: readonly TrustAlarm[]): void {
    for (const alarm of alarms)
      this.#alarms.inc({ kind: alarm.kind }, alarm.kind === "expiring" ? 1 : alarm.tags.length);
  }
}
