import { isAscii } from "node:buffer";
import { type Soon, soon } from "../../kernel/index.ts";
import { type MetadataQuery, type StoredMetadata, type Trust, TrustRefusal } from "../../trust/index.ts";
import { plainText, type Reply, reply } from "./reply.ts";

/** For how many seconds others may keep what can change, and what cannot (the contract, section 1). */
const caching = {
  current: "public, max-age=300, s-maxage=300, must-revalidate",
  consistent: "public, max-age=2592000, s-maxage=2592000",
} as const;

/** GET of a role's metadata: the bytes that were published, with what caches between need to know. */
export function getMetadata(trust: Trust, query: MetadataQuery): Soon<Reply> {
  const { which } = query;
  if (which.kind === "version") requireInt64(which.version);
  const age = which.kind === "current" ? "current" : "consistent";
  return soon(trust.reader.read(query), (found) => answerWith(found, age));
}

/** What Go's parser of numbers says to one of more than 64 bits is part of the contract too. */
function requireInt64(digits: string): void {
  if (BigInt(digits) < 2n ** 63n) return;
  const detail = { Func: "Atoi", Num: digits, Err: {} };
  throw new TrustRefusal("METADATA_NOT_FOUND", "No version has such a number.", detail);
}

/** The answers with documents that are asked for again and again. */
const known = {
  current: new WeakMap<StoredMetadata, Reply>(),
  consistent: new WeakMap<StoredMetadata, Reply>(),
};

function answerWith(metadata: StoredMetadata, age: keyof typeof known): Reply {
  const found = known[age].get(metadata);
  if (found !== undefined) return found;
  const { content, createdAt } = metadata;
  // The same bytes: the runtime sends a text without copying it first.
  const answer = reply(isAscii(content) ? Buffer.from(content).toString("latin1") : content, {
    ...plainText,
    "Cache-Control": caching[age],
    // RFC 9110, section 5.6.7, has GMT here. Notary has UTC.
    "Last-Modified": new Date(createdAt).toUTCString().replace("GMT", "UTC"),
  });
  known[age].set(metadata, answer);
  return answer;
}
