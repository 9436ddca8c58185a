import { createHash } from "node:crypto";
import type { Digest } from "../../kernel/index.ts";
import type { ImageInventory, ImagePackage } from "../inventory/package.ts";

/** What an SBOM is made of: nothing else goes in, so that equal images have equal documents. */
export interface SbomImage {
  readonly repository: string;
  readonly digest: Digest;
  /** The host by which people know this registry; null where they know none. */
  readonly registry: string | null;
  readonly inventory: ImageInventory;
  /** When the inventory was made, milliseconds since 1970. */
  readonly at: number;
}

export interface IdentifiedPackage {
  /** Hexadecimal; the same in each document about the image, and for the same package in each image. */
  readonly id: string;
  readonly package: ImagePackage;
}

/** The image's packages, each once, in the order of their names. */
export function identify({ packages }: ImageInventory): readonly IdentifiedPackage[] {
  const byId = new Map<string, IdentifiedPackage>();
  for (const one of packages) {
    const { type, name, version, architecture, path, layer } = one;
    const id = hash([type, name, version, architecture, path, layer]).slice(0, 16);
    byId.set(id, { id, package: one });
  }
  return [...byId.values()].sort(
    (a, b) =>
      compare(a.package.type, b.package.type) ||
      compare(a.package.name, b.package.name) ||
      compare(a.id, b.id),
  );
}

/** A name of the document that no other has (RFC 9562, version 8). */
export function uuidOf({ repository, digest, registry, at }: SbomImage, format: string): string {
  const hex = hash([registry, repository, digest, at, format]);
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}

/** What of the image could not be read, in sentences. */
export function gapsOf({ failures }: ImageInventory): readonly string[] {
  return failures.map(({ layer, path, reason }) => `${path ?? "The layer"} in ${layer}: ${reason}`);
}

function hash(parts: readonly (string | number | null)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** Not by the language of the machine. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
