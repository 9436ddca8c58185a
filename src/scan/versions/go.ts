import { defineOrder } from "./order.ts";
import { compareSemantic, parseSemantic, type SemanticVersion } from "./semver.ts";

/**
 * Go's versions: those of modules are semantic versions (pseudo-versions and `+incompatible` as well), those of the
 * toolchain and its standard library are `go1.22rc1`, `1.21.3`. The Go vulnerability database writes the latter as
 * semantic versions, `1.22.0-rc.1` and, for "from the first pre-release on", `1.22.0-0`.
 */
export const go = defineOrder<SemanticVersion>(
  (text) => parseToolchain(text) ?? parseSemantic(text),
  compareSemantic,
);

/** With a prefix, what follows a hyphen or a space was added by whoever built the toolchain: `go1.21.3-fips`. */
const toolchain = /^(?:go(\d+(?:\.\d+)*)(?:(beta|rc)(\d+))?(?:[- ].*)?|(\d+\.\d+(?:\.\d+)?)(beta|rc)(\d+))$/;

function parseToolchain(text: string): SemanticVersion | null {
  const match = toolchain.exec(text);
  if (match === null) return null;
  const [release, kind, number] = [match[1] ?? match[4], match[2] ?? match[5], match[3] ?? match[6]];
  return parseSemantic(kind === undefined ? `${release}` : `${release}-${kind}.${number}`);
}
