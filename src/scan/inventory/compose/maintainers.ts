import type { ImageFile } from "./image-layers.ts";

/**
 * Who maintains the package whose files a list of dpkg's names, by the list's path; null where dpkg's database does not
 * say. In `status.d` each package has a file of its own, and its list lies beside it.
 */
export function dpkgMaintainers(files: readonly ImageFile[]): (list: string) => string | null {
  const maintainers = new Map<string, string | null>();
  for (const { finds } of files) {
    if (finds.type !== "deb") continue;
    for (const { name, vendor } of finds.packages)
      maintainers.set(finds.database ? `var/lib/dpkg/info/${name}` : finds.path, vendor);
  }
  // Of what is there for several architectures the list says which: `libc6:amd64.list`.
  return (list) => maintainers.get(list.replace(/(?::[^:/]+)?\.list$|\.md5sums$/, "")) ?? null;
}
