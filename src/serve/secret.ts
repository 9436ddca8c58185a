import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/index.ts";

/**
 * The installation's secret, from which tokens, sessions and the hashes of robots' secrets are keyed: the one
 * that is configured, else one made at the first start, for its owner's eyes alone. All processes need the same.
 */
export async function installationSecret(
  config: Pick<Config, "secretKey" | "dataVolume">,
): Promise<Uint8Array> {
  const text = config.secretKey ?? (await generatedSecret(join(config.dataVolume, "secret")));
  return createHash("sha512").update(text).digest();
}

async function generatedSecret(folder: string): Promise<string> {
  const file = join(folder, "secretkey");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const present = await readFile(file, "utf8").catch(() => null);
  if (present !== null) return present;
  const temporary = `${file}.${process.pid}`;
  {
    await using handle = await open(temporary, "w", 0o600);
    await handle.writeFile(randomBytes(48).toString("base64url"));
    await handle.sync();
  }
  // Of several processes that start at once one wins: link, unlike rename, does not replace.
  await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(temporary);
  await using directory = await open(folder, "r");
  await directory.sync();
  return readFile(file, "utf8");
}
