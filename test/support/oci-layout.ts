import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Content, descriptor, type Image } from "./image.ts";

function blobPath(directory: string, digest: string): string {
  return join(directory, "blobs", digest.replace(":", "/"));
}

/** Writes images, and an index over them where there is one, as a folder in the OCI's image layout. */
export async function writeLayout(
  directory: string,
  images: readonly Image[],
  top: Content | undefined = images[0]?.manifest,
): Promise<void> {
  if (top === undefined) throw new Error("a layout needs an image");
  const contents = [top, ...images.flatMap(({ layers, config, manifest }) => [...layers, config, manifest])];
  await mkdir(join(directory, "blobs/sha256"), { recursive: true });
  await Promise.all(contents.map(({ digest, bytes }) => writeFile(blobPath(directory, digest), bytes)));
  await writeFile(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(
    join(directory, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [descriptor(top)] }),
  );
}

/** The digest that a layout's one entry names. */
export async function layoutDigest(directory: string): Promise<string> {
  const index = JSON.parse(await readFile(join(directory, "index.json"), "utf8")) as {
    manifests: { digest: string }[];
  };
  const [entry] = index.manifests;
  if (entry === undefined || index.manifests.length > 1) throw new Error(`${directory}: not one entry`);
  return entry.digest;
}

export function readLayoutBlob(directory: string, digest: string): Promise<Uint8Array> {
  return readFile(blobPath(directory, digest));
}
