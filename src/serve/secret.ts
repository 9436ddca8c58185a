import { createHash, createHmac, randomBytes } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { chmod, copyFile, link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "../config/index.ts";
import type { Database, Tx } from "../db/index.ts";
import { BreakwaterError } from "../kernel/index.ts";

type SecretPlace = Pick<Config, "secretKey" | "dataVolume">;

function secretFile(dataVolume: string): string {
  return join(dataVolume, "secret", "secretkey");
}

/**
 * The installation's secret, from which tokens, sessions and the hashes of robots' secrets are keyed: the one
 * that is configured, else one made at the first start, for its owner's eyes alone. All processes need the same.
 */
export async function installationSecret(config: SecretPlace): Promise<Uint8Array> {
  const text = config.secretKey ?? (await generatedSecret(secretFile(config.dataVolume)));
  return createHash("sha512").update(text).digest();
}

/**
 * Throws CONFIG_INVALID when the database belongs to another secret: with this one nobody's robot could log in, and
 * no key for content trust could be read. Copies that share a database have to share the secret.
 */
export async function requireSameSecret(database: Database, secret: Uint8Array): Promise<void> {
  const name = "secret.fingerprint";
  const value = createHmac("sha256", secret).update("breakwater fingerprint").digest("hex");
  const known = (reader: Pick<Tx, "selectFrom">) =>
    reader.selectFrom("setting").select("value").where("name", "=", name).executeTakeFirst();
  const kept =
    (await known(database.read)) ??
    (await database.write(async (tx) => {
      await tx
        .insertInto("setting")
        .values({ name, value })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
      return known(tx);
    }));
  if (kept?.value === value) return;
  throw new BreakwaterError(
    "CONFIG_INVALID",
    "The database was made with another secret than this process has. Set breakwater.secret_key to the one of the other copies, or restore the file secret/secretkey of the data volume that belongs to the database.",
  );
}

/**
 * Gives `target` the secret that was made for `source`, where neither's configuration names one and the target
 * has none yet. Throws CONFIG_INVALID when they have different ones.
 */
export async function shareSecret(source: SecretPlace, target: SecretPlace): Promise<void> {
  const secret = await installationSecret(source);
  const file = secretFile(target.dataVolume);
  if (target.secretKey === null && source.secretKey === null && !existsSync(file)) {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await copyFile(secretFile(source.dataVolume), file, constants.COPYFILE_EXCL);
    await chmod(file, 0o600);
  }
  if (target.secretKey !== null || existsSync(file)) {
    if (Buffer.from(secret).equals(await installationSecret(target))) return;
  }
  throw new BreakwaterError(
    "CONFIG_INVALID",
    `The target has another secret than the source: robots' secrets and the keys of content trust would be lost. Set breakwater.secret_key in the target's configuration to ${source.secretKey === null ? `what is in ${secretFile(source.dataVolume)}` : "the source's"}.`,
  );
}

async function generatedSecret(file: string): Promise<string> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const present = await readFile(file, "utf8").catch(() => null);
  if (present !== null) return present;
  const temporary = `${file}.${crypto.randomUUID()}`;
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
