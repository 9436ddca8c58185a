import type { Peer } from "../peers/peer.ts";
import { download, type Transfer } from "./curl.ts";

/** Pulls a layer of that many bytes and throws it away; answers the seconds that it took. */
export async function pullLayer(
  peer: Peer,
  repository: string,
  { digest, size }: { readonly digest: string; readonly size: number },
  protocol: Pick<Transfer, "protocol"> = {},
): Promise<number> {
  const headers = await peer.authorization([repository]);
  const url = `${peer.origin}/v2/${repository}/blobs/${digest}`;
  return download({ url, headers, ca: peer.certificate.certificate, ...protocol }, size);
}
