import { SecretBox } from "../scanners/secret-box.ts";
import { Orders } from "./orders.ts";
import { OrderWorker, type OrderWorkerOptions } from "./worker.ts";

export { type Order, type ReportForm, readOrder, reportForm } from "./order.ts";
export type { OrderState, Orders } from "./orders.ts";
export { gapOf, type OrderResult, toReport } from "./result.ts";
export type { OrderWorker } from "./worker.ts";

export interface ScanOrdersOptions extends Omit<OrderWorkerOptions, "orders" | "onError"> {
  /** The installation's: other registries' credentials are encrypted with a key that comes from it. */
  readonly secret: Uint8Array;
}

/** The built-in scanner as a service to other registries. */
export interface ScanOrders {
  readonly orders: Orders;
  /** Hosts, with their ports, that images may be pulled from; without any the service is closed. */
  readonly registries: readonly string[];
  /** How old the oldest feed of the vulnerability database is, milliseconds since 1970; null while there is none. */
  dataAsOf(): number | null;
  /** This process's share of the work; `onError` is told of failures that are nobody else's. */
  worker(onError: OrderWorkerOptions["onError"]): OrderWorker;
}

export function createScanOrders({ secret, ...options }: ScanOrdersOptions): ScanOrders {
  const orders = new Orders(options.database, options.clock, new SecretBox(secret));
  return {
    orders,
    registries: options.registries,
    dataAsOf() {
      const feeds = options.current()?.manifest.feeds ?? [];
      return feeds.length === 0 ? null : Math.min(...feeds.map(({ asOf, fetchedAt }) => asOf ?? fetchedAt));
    },
    worker: (onError) => new OrderWorker({ ...options, orders, onError }),
  };
}
