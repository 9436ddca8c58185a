import { BreakwaterError } from "../kernel/index.ts";

/** Harbor's upper bound, 1024 TiB in bytes. */
const highest = 1024 ** 5;

/** Bytes that a project may hold, or -1 for no limit. Throws BAD_REQUEST for anything else. */
export function requireStorageLimit(limit: number): number {
  if (limit === -1 || (Number.isSafeInteger(limit) && limit > 0 && limit <= highest)) return limit;
  throw new BreakwaterError(
    "BAD_REQUEST",
    `A storage limit is a number of bytes from 1 to ${highest}, or -1 for no limit, not ${limit}.`,
  );
}
