import { type ObjectStore, uploadKey } from "../blobs/index.ts";
import type { Database } from "../db/index.ts";
import { stage } from "./blobs.ts";
import type { Progress } from "./metadata.ts";

/** Copies what has arrived of uploads under way, so that they can go on at the target; answers how many there are. */
export async function copyUploads(
  { read }: Database,
  from: ObjectStore,
  to: ObjectStore,
  progress: Progress,
): Promise<number> {
  const uploads = await read
    .selectFrom("upload")
    .select(["id", "offset", "updated_at"])
    .where("offset", ">", 0)
    .orderBy("id")
    .execute();
  for (const [at, { id, offset, updated_at: fence }] of uploads.entries()) {
    progress(`uploads under way: ${at} of ${uploads.length}`);
    const key = uploadKey(id);
    if ((await to.stat(key))?.size === offset) continue;
    // Less than was acknowledged is of no use; the check of the target will say so.
    if (((await from.stat(key))?.size ?? 0) < offset) continue;
    // Whoever goes on with it has a larger number than its last writer had.
    await stage(from.read(key, 0, offset), to, key, fence);
  }
  return uploads.length;
}
