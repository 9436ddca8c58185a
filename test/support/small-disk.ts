import { missingForRoot, mustRun, run } from "./command.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A file system of its own in memory, gone at the end of the block. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
}

export async function smallDisk(mebibytes: number): Promise<SmallDisk> {
  const directory = await temporaryDirectory("small-disk");
  await mustRun(["mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", directory.path]);
  return {
    path: directory.path,
    async [Symbol.asyncDispose]() {
      // Whoever may still hold a file open on it must not keep the test from ending.
      await mustRun(["umount", "--lazy", directory.path]);
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Why there can be none here: containers often may not mount, even as root. */
export async function missingSmallDisk(): Promise<string | undefined> {
  const missing = missingForRoot("mount", "umount");
  if (missing !== undefined) return missing;
  await using directory = await temporaryDirectory("mount");
  const mounted = await run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory.path]);
  if (mounted.code !== 0) return "mounting is not allowed here";
  await mustRun(["umount", directory.path]);
  return undefined;
}
