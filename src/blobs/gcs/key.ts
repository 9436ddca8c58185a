import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { BreakwaterError } from "../../kernel/index.ts";
import type { GcsOptions } from "./options.ts";

/** What names a service account, and proves that one is it. */
export interface ServiceAccountKey {
  readonly email: string;
  readonly id: string | undefined;
  /** In PEM form, and as Node has it. */
  readonly pem: string;
  readonly key: KeyObject;
}

const shape = z.object({
  type: z.literal("service_account"),
  client_email: z.string().min(3),
  private_key: z.string(),
  private_key_id: z.string().optional(),
});

/** Throws CONFIG_INVALID, which never shows what was read. */
export async function readKey(source: NonNullable<GcsOptions["key"]>): Promise<ServiceAccountKey> {
  try {
    const json = "file" in source ? await readFile(source.file, "utf8") : source.json;
    const { client_email, private_key, private_key_id } = shape.parse(JSON.parse(json));
    return {
      email: client_email,
      id: private_key_id,
      pem: private_key,
      key: createPrivateKey(private_key),
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const [setting, found] =
      "file" in source
        ? [
            "storage_service.gcs.keyfile",
            `${source.file}${code === "ENOENT" ? ", which does not exist" : ""}`,
          ]
        : ["storage_service.gcs.credentials", "something else"];
    throw new BreakwaterError(
      "CONFIG_INVALID",
      `The configuration is not valid: ${setting}: expected a service account's key in JSON, as Google gives it out, found ${found}.`,
    );
  }
}
