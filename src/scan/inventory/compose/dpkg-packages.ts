import type { FoundPackage } from "../analyzer.ts";
import type { ImageFile } from "./image-layers.ts";

/**
 * The package whose files a list of dpkg's names, by the list's path; null where dpkg's database does not have it. In
 * `status.d` each package has a file of its own, and its list lies beside it.
 */
export function dpkgPackages(files: readonly ImageFile[]): (list: string) => FoundPackage | null {
  const packages = new Map<string, FoundPackage>();
  for (const { finds } of files) {
    if (finds.type !== "deb") continue;
    for (const one of finds.packages)
      packages.set(finds.database ? `var/lib/dpkg/info/${one.name}` : finds.path, one);
  }
  // Of what is there for several architectures the list says which: `libc6:amd64.list`.
  return (list) => packages.get(list.replace(/(?::[^:/]+)?\.list$|\.md5sums$/, "")) ?? null;
}
