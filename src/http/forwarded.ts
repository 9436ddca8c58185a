import { isIP, isIPv4 } from "node:net";
import type { Networks } from "../kernel/index.ts";

/** What a proxy says of the client that it speaks for; null where it does not, or says what makes no sense. */
export interface Forwarded {
  readonly address: string | null;
  readonly secure: boolean | null;
  /** Host and port as the client wrote them. */
  readonly host: string | null;
}

/** No chain of proxies is longer; what a client made up is not read to its end. */
const longestChain = 64;

/**
 * Reads the headers that nginx, HAProxy, Envoy and the clouds' balancers set. To be called only for a request
 * whose sender is one of `proxies`: anybody else may write into them what they like.
 */
export function readForwarded(headers: Headers, proxies: Networks): Forwarded {
  const scheme = headers.get("x-forwarded-proto")?.trim().toLowerCase();
  const host = headers.get("x-forwarded-host")?.trim() ?? "";
  return {
    address: clientAddress(headers.get("x-forwarded-for") ?? "", proxies),
    secure: scheme === "https" ? true : scheme === "http" ? false : null,
    host: isAuthority(host) ? host : null,
  };
}

/**
 * Each proxy adds at the right whom it had the request from. So the client is the rightmost that is no proxy;
 * what stands left of it the client wrote itself. Where a proxy passed on what is no address, that proxy is
 * all that is known.
 */
function clientAddress(chain: string, proxies: Networks): string | null {
  let nearest: string | null = null;
  for (const hop of chain.split(",").slice(-longestChain).reverse()) {
    const address = addressOf(hop.trim());
    if (address === null) break;
    nearest = address;
    if (!proxies.contains(address)) break;
  }
  return nearest;
}

/** The address in `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1` or `[2001:db8::1]:8080`. */
function addressOf(hop: string): string | null {
  const [, bracketed, plain] = /^(?:\[([\da-fA-F:.]{2,45})\]|([\d.]{7,15}))(?::\d{1,5})?$/.exec(hop) ?? [];
  const address = bracketed ?? plain ?? hop;
  return isIP(address) === 0 || address.includes("%") ? null : withoutMapping(address);
}

/** An IPv4 address is written as such, also where the socket speaks both families. */
export function withoutMapping(address: string): string {
  const inner = address.slice(7);
  return address.toLowerCase().startsWith("::ffff:") && isIPv4(inner) ? inner : address;
}

/** True of a host with or without a port, as it may stand in a URL. */
export function isAuthority(host: string): boolean {
  return host.length <= 255 && /^[A-Za-z0-9.:[\]-]+$/.test(host) && URL.canParse(`https://${host}`);
}
