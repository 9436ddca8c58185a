/**
 * Media types of layers that no container runtime unpacks: signatures, attestations, bills of materials and
 * reports about images. A config's media type or an annotation would prove nothing, since whoever pushes chooses
 * them freely; a layer of such a type cannot become a part of a root file system.
 */
const layerTypes: ReadonlySet<string> = new Set([
  "application/vnd.dev.cosign.simplesigning.v1+json",
  "application/vnd.dsse.envelope.v1+json",
  "application/vnd.in-toto+json",
  "application/jose+json",
  "application/cose",
  "application/spdx+json",
  "text/spdx",
  "text/spdx+json",
  "text/spdx+xml",
  "application/vnd.cyclonedx",
  "application/vnd.cyclonedx+json",
  "application/vnd.cyclonedx+xml",
  "application/vnd.security.vulnerability.report; version=1.1",
  "application/sarif+json",
  "application/vnd.openvex+json",
]);
const sigstoreBundle = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v[\d.]+)?\+json/;

/**
 * True when a manifest says something about an image and cannot be run itself: it has layers, and each of them is
 * of a kind that no runtime unpacks. Those stay readable where images are not, or nobody could ever sign or scan.
 */
export function isNotRunnable(content: Uint8Array): boolean {
  const { layers } = JSON.parse(new TextDecoder().decode(content)) as {
    layers?: readonly { mediaType: string }[];
  };
  if (layers === undefined || layers.length === 0) return false;
  return layers.every(({ mediaType }) => layerTypes.has(mediaType) || sigstoreBundle.test(mediaType));
}
