import type { Distribution, Maker, PackageType } from "../package.ts";
import { bearsVendorsMark, isVendors } from "./vendors.ts";

const debian = ["debian.org", "debian.net"];
const ubuntu = ["ubuntu.com", "canonical.com"];

/** Where those write from who maintain packages for a distribution in its name, by `ID` of os-release. */
const domains: Readonly<Record<string, readonly string[]>> = {
  debian,
  ubuntu: [...debian, ...ubuntu],
  alpine: ["alpinelinux.org"],
};

/** Ubuntu's builders put its own address in place of others. Those of teams at Launchpad may have stayed. */
const maintainersOfUbuntu = [...debian, ...ubuntu, "launchpad.net"];

interface Maintained {
  readonly type: PackageType;
  readonly version: string;
  /** `Name <address>`; null where it is not named. */
  readonly maintainer: string | null;
}

/**
 * Who made a deb or an apk, by its maintainer. In Debian and Alpine many maintain packages by a private address, which
 * tells nothing; a deb is somebody else's only by what none of Debian's own has.
 */
export function makerByMaintainer({ type, version, maintainer }: Maintained, { id }: Distribution): Maker {
  const own = Object.hasOwn(domains, id) ? domains[id] : undefined;
  if (own === undefined) return "distribution";
  const address = addressIn(maintainer ?? "");
  if (type === "deb") {
    if (bearsVendorsMark(version)) return "other";
    // Debian's have a name and an address, by its policy (5.6.2); what `fpm` and its like make may have neither.
    if (maintainer !== null && !hasAddress(maintainer)) return "other";
    if (isVendors(address)) return "other";
    if (id === "ubuntu" && maintainer !== null && !isAt(address, maintainersOfUbuntu)) return "other";
  }
  return isAt(address, own) ? "distribution" : "unknown";
}

/** Both in one pass: an image says how long the text is, and how many packages have such a one. */
function hasAddress(maintainer: string): boolean {
  return maintainer.matchAll(/<([^<>\s]+)>/g).some(([, inside = ""]) => inside.slice(1, -1).includes("@"));
}

/** That which the text ends with; empty where it is none. */
function addressIn(maintainer: string): string {
  const at = maintainer.lastIndexOf("@");
  const host = /^[\w.-]+(?=>?[\s,]*$)/.exec(maintainer.slice(at + 1))?.[0];
  const user = maintainer.slice(0, Math.max(0, at)).split(/[\s<]/).at(-1);
  return at === -1 || !host || !user ? "" : `${user}@${host}`;
}

function isAt(address: string, places: readonly string[]): boolean {
  return places.some((one) => address.endsWith(`@${one}`) || address.endsWith(`.${one}`));
}
