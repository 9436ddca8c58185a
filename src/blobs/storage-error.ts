import { BreakwaterError } from "../kernel/index.ts";

const full: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** A driver's failure as one that says what to do. */
export function storageError(error: NodeJS.ErrnoException): Error {
  if (full.has(error.code)) {
    return new BreakwaterError(
      "STORAGE_FULL",
      "The registry's storage has no room for this content. Nothing was stored. Free space or enlarge the volume, then push again.",
      { cause: error },
    );
  }
  return new BreakwaterError(
    "UNAVAILABLE",
    `The registry's storage failed (${error.code ?? error.message}). Nothing was acknowledged; try again.`,
    { cause: error },
  );
}

export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}
