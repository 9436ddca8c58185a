import { BreakwaterError } from "./errors.ts";

const reasons: Readonly<Record<string, string>> = {
  EACCES: "this user has no right to it",
  EISDIR: "it is a folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "its path leads through something that is no folder",
  EPERM: "this user has no right to it",
  EROFS: "the disk can only be read",
};

/** Whether the operating system has refused something, rather than any of the code. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

/**
 * What a person is told whose file the system cannot read or write. `what` begins the sentence: `The key ca.pem cannot
 * be read`; `absent` ends it where there is nothing at that path.
 */
export function fileRefusal(
  what: string,
  cause: NodeJS.ErrnoException,
  absent = "there is no such file",
): BreakwaterError {
  const { code = cause.message } = cause;
  const why = code === "ENOENT" ? absent : (reasons[code] ?? code);
  return new BreakwaterError("BAD_REQUEST", `${what}: ${why}.`, { cause });
}
