import type { Distribution } from "../package.ts";

/** What the `Vendor` of a distribution's own rpms begins with, by `ID` of os-release. */
const vendors: Readonly<Record<string, RegExp>> = {
  rhel: /^red hat/i,
  centos: /^(?:centos|red hat)/i,
  fedora: /^(?:fedora|red hat)/i,
  almalinux: /^almalinux/i,
  rocky: /^rocky/i,
  ol: /^oracle/i,
  amzn: /^amazon/i,
  sles: /^suse/i,
  "sle-micro": /^suse/i,
  "opensuse-leap": /^(?:opensuse|suse)/i,
  "opensuse-tumbleweed": /^(?:opensuse|suse)/i,
  mageia: /^mageia/i,
  openEuler: /openeuler/i,
  azurelinux: /^microsoft/i,
  mariner: /^microsoft/i,
  photon: /^vmware|^broadcom/i,
};

/**
 * Whether an rpm was made by somebody else than the distribution: its advisories do not speak of it. One that names
 * no vendor is taken for the distribution's, so that it is at least held against what is known of that name.
 */
export function isForeign(vendor: string | null, distribution: Distribution): boolean {
  const own = vendors[distribution.id];
  return own !== undefined && vendor !== null && vendor.trim() !== "" && !own.test(vendor.trim());
}
