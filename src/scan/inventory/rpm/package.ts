import { type Find, type FoundPackage, foundPackage, UnreadableFile } from "../analyzer.ts";
import { type Header, tag } from "./header.ts";

/** What one header says of its package. Throws UnreadableFile where that has no name or version. */
export function rpmOf(header: Header): Rpm {
  const name = header.string(tag.name);
  const version = header.string(tag.version);
  const release = header.string(tag.release);
  if (!name || !version || !release)
    throw new UnreadableFile("The rpm database has a package without a name, version or release.");
  const license = header.string(tag.license);
  return {
    name,
    epoch: header.integers(tag.epoch)[0] ?? 0,
    versionRelease: `${version}-${release}`,
    sourceRpm: header.string(tag.sourceRpm) || null,
    architecture: header.string(tag.architecture) || null,
    module: header.string(tag.modularityLabel) || null,
    vendor: header.string(tag.vendor) || null,
    licenses: license ? [license] : [],
  };
}

/** A package in rpm's own terms. */
export interface Rpm extends Pick<FoundPackage, "name" | "architecture" | "module" | "vendor" | "licenses"> {
  /** 0 where there is none, which rpm takes for the same. */
  readonly epoch: number;
  readonly versionRelease: string;
  /** The name of a file. */
  readonly sourceRpm: string | null;
}

/** Nothing for the keys of signers, which rpm keeps among its packages. */
export function* findsOf(rpm: Rpm): Generator<Find> {
  const { name, epoch, versionRelease, sourceRpm, ...more } = rpm;
  if (name === "gpg-pubkey") return;
  const version = versionOf(rpm);
  const source = sourceRpm === null ? null : sourceOf(sourceRpm, epoch);
  const same = source?.name === name && source.version === version;
  yield foundPackage("rpm", name, version, { ...more, source: same ? null : source });
}

/** As packages have it: `[epoch:]version-release`. */
export function versionOf({ epoch, versionRelease }: Rpm): string {
  return withEpoch(epoch, versionRelease);
}

function withEpoch(epoch: number, versionRelease: string): string {
  return epoch === 0 ? versionRelease : `${epoch}:${versionRelease}`;
}

/** `name-version-release.src.rpm` has no epoch: the package's own stands in. */
function sourceOf(sourceRpm: string, epoch: number): FoundPackage["source"] {
  const parts = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(sourceRpm);
  return parts?.[1] && parts[2] ? { name: parts[1], version: withEpoch(epoch, parts[2]) } : null;
}
