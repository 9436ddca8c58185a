import { digestOf } from "../../../src/kernel/index.ts";
import type { ImagePackage } from "../../../src/scan/inventory/package.ts";

export const layer = digestOf(new TextEncoder().encode("a layer"));

export function packageOf(one: Partial<ImagePackage>): ImagePackage {
  return {
    type: "deb",
    name: "a",
    version: "1",
    architecture: null,
    source: null,
    module: null,
    vendor: null,
    licenses: [],
    path: "var/lib/dpkg/status",
    layer,
    managed: false,
    ...one,
  };
}
