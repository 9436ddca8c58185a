import type { Distribution } from "../package.ts";

const debian = ["debian.org", "debian.net"];

/** Where those write from who maintain packages for a distribution in its name, by `ID` of os-release. */
const domains: Readonly<Record<string, readonly string[]>> = {
  debian,
  ubuntu: [...debian, "ubuntu.com", "canonical.com"],
  alpine: ["alpinelinux.org"],
};

/**
 * Whether nothing shows that a deb or an apk is the distribution's own: its maintainer (`Name <address>`) writes from
 * elsewhere, as companies do and some of the distribution's people too, or is not named.
 */
export function isPrivate(maintainer: string | null, { id }: Distribution): boolean {
  const own = Object.hasOwn(domains, id) ? domains[id] : undefined;
  if (own === undefined) return false;
  const [, domain = ""] = /@([\w.-]+)>?\s*$/.exec(maintainer ?? "") ?? [];
  return !own.some((one) => domain === one || domain.endsWith(`.${one}`));
}
