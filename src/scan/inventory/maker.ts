import { makerByMaintainer } from "./os/maintainers.ts";
import type { Distribution, Maker, Package } from "./package.ts";
import { makerByVendor } from "./rpm/vendors.ts";

/** By what a package of an operating system says of itself. */
export function makerOf(
  { type, version, vendor }: Pick<Package, "type" | "version" | "vendor">,
  distribution: Distribution,
): Maker {
  if (type === "rpm") return makerByVendor(vendor, distribution);
  return makerByMaintainer({ type, version, maintainer: vendor }, distribution);
}
