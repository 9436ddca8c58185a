import { type StoredMetadata, type Trust, TrustRefusal } from "../../trust/index.ts";
import type { RoleQuery } from "./operations.ts";
import { plainText, reply } from "./reply.ts";

/** Seconds for which others may keep what can change, and what cannot (the contract, section 1). */
const currentAge = 300;
const consistentAge = 30 * 24 * 60 * 60;

/** GET of a role's metadata: the bytes that were published, with what caches between need to know. */
export async function getMetadata(
  trust: Trust,
  gun: string,
  role: string,
  query: RoleQuery,
): Promise<Response> {
  const wanted = query.kind === "version" ? { kind: query.kind, version: toNumber(query.version) } : query;
  const found = await trust.reader.read(gun, role, wanted);
  return reply(found.content, headersOf(found, query.kind === "current"));
}

/** What Go's parser of numbers says to one of more than 64 bits is part of the contract too. */
function toNumber(digits: string): number {
  if (BigInt(digits) < 2n ** 63n) return Number(digits);
  const detail = { Func: "Atoi", Num: digits, Err: {} };
  throw new TrustRefusal("METADATA_NOT_FOUND", "No version has such a number.", detail);
}

function headersOf({ createdAt }: StoredMetadata, current: boolean): Record<string, string> {
  const age = current ? currentAge : consistentAge;
  return {
    ...plainText,
    "Cache-Control": `public, max-age=${age}, s-maxage=${age}${current ? ", must-revalidate" : ""}`,
    // RFC 9110, section 5.6.7, has GMT here. Notary has UTC.
    "Last-Modified": new Date(createdAt).toUTCString().replace("GMT", "UTC"),
  };
}
