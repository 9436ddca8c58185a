import { type Caller, Courtesy } from "../../kernel/index.ts";
import { readUpload, type Trust, TrustRefusal, type Upload } from "../../trust/index.ts";
import { parseMultipart } from "./multipart.ts";
import { type Reply, reply } from "./reply.ts";

/**
 * Bytes of a whole upload (TUF specification 1.0, section 1.5.2, endless data): targets of a repository with a
 * hundred thousand signed tags fit.
 */
const maxUpload = 32 * 1024 * 1024;

/** POST `/v2/<GUN>/_trust/tuf/` (the contract, section 3). */
export async function publish(trust: Trust, caller: Caller, gun: string, request: Request): Promise<Reply> {
  const body = await readBounded(request);
  const parts = parseMultipart(request.headers.get("content-type"), body);
  const uploads: Upload[] = [];
  const courtesy = new Courtesy();
  for (const { fileName, content } of parts) {
    if (courtesy.due) await courtesy.pause();
    const role = fileName.replace(/\.json$/, "");
    if (role === "") throw new TrustRefusal("NO_FILENAME", "A part has no file name.");
    uploads.push(readUpload(role, content));
  }
  await trust.publisher.publish(caller, gun, uploads);
  return reply(null);
}

/** Throws MALFORMED_UPLOAD for a body that is too large, without reading on, or that breaks off. */
async function readBounded(request: Request): Promise<Uint8Array> {
  const { headers } = request;
  const tooLarge = () => new TrustRefusal("MALFORMED_UPLOAD", `An upload may have ${maxUpload} bytes.`);
  if (Number(headers.get("content-length") ?? 0) > maxUpload) throw tooLarge();
  try {
    // Of a known length, as clients send it, it need not be put together here.
    if (headers.has("content-length") && !headers.has("transfer-encoding")) return await request.bytes();
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of request.body ?? []) {
      size += chunk.length;
      if (size > maxUpload) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof TrustRefusal) throw error;
    throw new TrustRefusal("MALFORMED_UPLOAD", "The connection ended within the upload.", null, error);
  }
}
