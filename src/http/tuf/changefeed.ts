import { type Change, type Trust, TrustRefusal } from "../../trust/index.ts";
import { plainText, type Reply, reply } from "./reply.ts";

/** Records where the client asks for 0 of them, and the most that one answer holds. */
const defaultRecords = 100;
const maxRecords = 10_000;
const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

/** GET `…/_trust/changefeed`: of one GUN, or of all where it is null (the contract, section 7). */
export async function getChanges(trust: Trust, gun: string | null, query: URLSearchParams): Promise<Reply> {
  const asked = query.get("records") ?? "";
  const problem = problemOf(asked);
  if (problem !== null) {
    const detail = `invalid records parameter: strconv.ParseInt: parsing ${JSON.stringify(asked.slice(0, 100))}: ${problem}`;
    throw new TrustRefusal("INVALID_PARAMETERS", detail, detail);
  }
  const id = query.get("change_id") || "0";
  if (problemOf(id) !== null) throw new TrustRefusal("INVALID_PARAMETERS", "change_id is no number.", {});
  const [records, after] = [Number(asked) || defaultRecords, Number(id)];
  const backwards = records < 0 || after < 0;
  const limit = Math.min(Math.abs(records), maxRecords);
  const changes = await trust.journal.changes({ gun, after, limit, backwards });
  // Where there is nothing, Notary says so in two ways.
  const none = changes.length === 0 && !backwards;
  const body = { count: changes.length, records: none ? null : changes.map(describe) };
  return reply(JSON.stringify(body), plainText);
}

/** What is wrong with a number of 32 bits, in Go's words. */
function problemOf(text: string): string | null {
  if (!/^[+-]?\d+$/.test(text)) return "invalid syntax";
  return Number(text) < int32.min || Number(text) > int32.max ? "value out of range" : null;
}

function describe({ id, createdAt, gun, version, sha256, category }: Change) {
  return {
    ID: String(id),
    CreatedAt: new Date(createdAt).toISOString(),
    GUN: gun,
    Version: version,
    SHA256: sha256,
    Category: category,
  };
}
