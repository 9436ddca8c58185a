import { type Digest, sbomTypes } from "../kernel/index.ts";

/** Media types of layers that are signatures, attestations, bills of materials and reports about images. */
const layerTypes: ReadonlySet<string> = new Set([
  "application/vnd.dev.cosign.simplesigning.v1+json",
  "application/vnd.dsse.envelope.v1+json",
  "application/vnd.in-toto+json",
  "application/jose+json",
  "application/cose",
  ...sbomTypes,
  "application/vnd.security.vulnerability.report; version=1.1",
  "application/sarif+json",
  "application/vnd.openvex+json",
]);
const sigstoreBundle = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v[\d.]+)?\+json/;

/** Nobody signs or reports in more layers; each has to be looked at. */
const maxLayers = 256;

/**
 * The digests of a manifest's layers where each of them is said to be about an image rather than a part of one, else
 * null. Not all runtimes go by what is said: Podman and CRI-O unpack layers of any type, so that the bytes decide.
 */
export function layersAboutImages(content: Uint8Array): readonly Digest[] | null {
  const { layers = [] } = JSON.parse(new TextDecoder().decode(content)) as {
    layers?: readonly { readonly mediaType: string; readonly digest: Digest }[];
  };
  if (layers.length === 0 || layers.length > maxLayers) return null;
  const all = layers.every(({ mediaType }) => layerTypes.has(mediaType) || sigstoreBundle.test(mediaType));
  return all ? layers.map(({ digest }) => digest) : null;
}
