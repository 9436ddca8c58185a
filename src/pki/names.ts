import { hostname, networkInterfaces } from "node:os";

/** A name as a certificate can carry it: what else a machine may call itself helps nobody to connect. */
const dnsName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*$/i;

/**
 * Everything that clients may call this server by: what is configured, and this machine's own name and
 * addresses, loopback included. Link-local addresses are left out, since they hold on one link only.
 */
export function certificateNames(configured: { hostname: string; externalUrl: string }): string[] {
  const external = new URL(configured.externalUrl).hostname.replace(/^\[|\]$/g, "");
  const addresses = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => address)
    .filter((address) => !/^(?:fe80:|169\.254\.)/i.test(address));
  const own = [hostname()].filter((name) => dnsName.test(name));
  return [...new Set([configured.hostname, external, "localhost", ...own, "127.0.0.1", "::1", ...addresses])];
}
