import { mkdir, statfs } from "node:fs/promises";
import { FileSystemStore, type ObjectStore, openAzure, openGcs, openS3 } from "../blobs/index.ts";
import type { StorageConfig } from "../config/index.ts";

/** The driver that the configuration names. */
export async function openStorage(storage: StorageConfig): Promise<ObjectStore> {
  switch (storage.driver) {
    case "filesystem":
      return new FileSystemStore(storage.rootDirectory);
    case "s3":
      return openS3(storage.s3);
    case "azure":
      return openAzure(storage.azure);
    case "gcs":
      return openGcs(storage.gcs);
  }
}

/** Before the first request: a folder is made, a bucket tried. Throws with a sentence for the operator. */
export async function prepareStorage(storage: StorageConfig): Promise<void> {
  if (storage.driver === "filesystem") await mkdir(storage.rootDirectory, { recursive: true });
  else await (await openStorage(storage)).probe();
}

/** Bytes in all and bytes free; a bucket has no such limits, or does not tell, which Harbor shows as 0. */
export async function storageCapacity(
  storage: StorageConfig,
  dataVolume: string,
): Promise<{ total: number; free: number }> {
  if (storage.driver !== "filesystem") return { total: 0, free: 0 };
  const { bsize, blocks, bavail } = await statfs(storage.rootDirectory).catch(() => statfs(dataVolume));
  return { total: bsize * blocks, free: bsize * bavail };
}
