import type { Principal } from "../../access/index.ts";
import { BreakwaterError, type Caller } from "../../kernel/index.ts";
import { readOrder, scannerTypes } from "../../scan/index.ts";
import type { ScannerApiServices } from "./services.ts";

/** POST /scan: takes the order; it is seen to in the background. */
export async function postScan(
  request: Request,
  { principal, caller }: { readonly principal: Principal; readonly caller: Caller },
  { orders, audit }: ScannerApiServices,
): Promise<Response> {
  let body: unknown;
  try {
    body = await request.json();
  } catch (cause) {
    throw new BreakwaterError("BAD_REQUEST", "The body is not valid JSON.", { cause });
  }
  const order = readOrder(body, orders.registries);
  const id = await orders.orders.place(requesterOf(principal), order);
  await audit.recordNow(caller, {
    operation: "scan",
    resourceType: "foreign-artifact",
    resource: `${order.origin}/${order.repository}@${order.digest}`,
    projectId: null,
  });
  return new Response(JSON.stringify({ id }), {
    status: 202,
    headers: { "Content-Type": scannerTypes.scanResponse },
  });
}

/** Whom an order belongs to. */
export function requesterOf(principal: Principal): string {
  return principal.kind === "anonymous" ? principal.kind : `${principal.kind}:${principal.id}`;
}
