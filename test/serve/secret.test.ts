import { expect, test } from "bun:test";
import { join } from "node:path";
import { migrate, openSqlite } from "../../src/db/index.ts";
import { asRefusal } from "../../src/http/errors.ts";
import { BreakwaterError } from "../../src/kernel/index.ts";
import { installationSecret, requireSameSecret } from "../../src/serve/secret.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test("a database is served with the secret that it was made with, and with no other", async () => {
  await using folder = await temporaryDirectory("secret");
  const database = openSqlite(join(folder.path, "test.sqlite"));
  await migrate(database);
  const own = await installationSecret({ secretKey: null, dataVolume: folder.path });
  await requireSameSecret(database, own);
  await requireSameSecret(database, await installationSecret({ secretKey: null, dataVolume: folder.path }));
  const other = await installationSecret({ secretKey: "another", dataVolume: folder.path });
  await expect(requireSameSecret(database, other)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  await database.close();
});

test("of several processes at a first start all end with one secret", async () => {
  await using folder = await temporaryDirectory("secret");
  const options = { secretKey: null, dataVolume: folder.path };
  const secrets = await Promise.all(Array.from({ length: 8 }, () => installationSecret(options)));
  expect(new Set(secrets.map((secret) => secret.toHex())).size).toBe(1);
});

test("a refusal is told even when cleaning up after it failed", async () => {
  async function work(): Promise<void> {
    await using _held = {
      async [Symbol.asyncDispose]() {
        throw new BreakwaterError("UNAVAILABLE");
      },
    };
    throw new BreakwaterError("DIGEST_INVALID");
  }
  const error = await work().catch((thrown: unknown) => thrown);
  expect(asRefusal(error).code).toBe("DIGEST_INVALID");
});
