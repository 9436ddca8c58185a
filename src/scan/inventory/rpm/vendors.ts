import type { Distribution, Maker } from "../package.ts";

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
  sled: /^suse/i,
  "sle-micro": /^suse/i,
  "opensuse-leap": /^(?:opensuse|suse)/i,
  "opensuse-tumbleweed": /^(?:opensuse|suse)/i,
  mageia: /^mageia/i,
  openeuler: /openeuler/i,
  azurelinux: /^microsoft/i,
  mariner: /^microsoft/i,
  photon: /^vmware|^broadcom/i,
};

/** Who made an rpm. All distributions here name themselves in theirs; `rpmbuild` by itself names nobody. */
export function makerByVendor(vendor: string | null, { id }: Distribution): Maker {
  const own = Object.hasOwn(vendors, id) ? vendors[id] : undefined;
  const said = vendor?.trim() ?? "";
  if (own === undefined) return "distribution";
  if (said === "") return "unknown";
  return own.test(said) ? "distribution" : "other";
}
