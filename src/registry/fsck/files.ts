import type { Scope, Suspicion } from "./check.ts";

/** Names that files have before they get their own (see `FileSystemStore`), and those of the storage's probe. */
const temporary = /(?:\.tmp|\.copy)$|^breakwater\/probe-[^/]+$/;

export function isTemporary(key: string): boolean {
  return temporary.test(key);
}

/** A write that its process did not live to finish. */
export function temporaryFile(scope: Scope, key: string): Suspicion {
  return async () => {
    const info = await scope.objects.stat(key);
    if (info === null || info.modifiedAt >= scope.settledBefore) return null;
    return {
      finding: {
        kind: "temporary-file",
        severity: "leftover",
        subject: key,
        message: `The file ${key} (${info.size} bytes) is what remains of a write that was broken off. Nothing was acknowledged for it.`,
        remedy: "A repair deletes it.",
        bytes: info.size,
      },
      repair: async () => {
        await scope.objects.remove(key);
        return true;
      },
    };
  };
}

/** Something that is not Breakwater's. */
export function foreignFile(scope: Scope, key: string): Suspicion {
  return async () => {
    const info = await scope.objects.stat(key);
    if (info === null) return null;
    return {
      finding: {
        kind: "foreign-file",
        severity: "leftover",
        subject: key,
        message: `The file ${key} (${info.size} bytes) lies among the registry's, and is none of them.`,
        remedy: "It is left alone. Move it elsewhere if it is yours, or delete it.",
        bytes: info.size,
      },
      repair: null,
    };
  };
}
