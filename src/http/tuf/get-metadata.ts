import { type MetadataQuery, type StoredMetadata, type Trust, TrustRefusal } from "../../trust/index.ts";

/** Seconds for which others may keep what can change, and what cannot (the contract, section 1). */
const currentAge = 300;
const consistentAge = 30 * 24 * 60 * 60;

/** GET of a role's metadata: the bytes that were published, with what caches between need to know. */
export async function getMetadata(
  trust: Trust,
  gun: string,
  role: string,
  query: MetadataQuery,
): Promise<Response> {
  // What Go's parser of numbers says to it is part of the contract too.
  if (query.kind === "version" && !Number.isSafeInteger(query.version)) {
    throw new TrustRefusal("METADATA_NOT_FOUND", "No version has such a number.", { Func: "Atoi", Err: {} });
  }
  const found = await trust.reader.read(gun, role, query);
  return new Response(found.content, { headers: headersOf(found, query.kind === "current") });
}

function headersOf({ createdAt }: StoredMetadata, current: boolean): Record<string, string> {
  const age = current ? currentAge : consistentAge;
  return {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": `public, max-age=${age}, s-maxage=${age}${current ? ", must-revalidate" : ""}`,
    // RFC 9110, section 5.6.7, has GMT here. Notary has UTC.
    "Last-Modified": new Date(createdAt).toUTCString().replace("GMT", "UTC"),
  };
}
