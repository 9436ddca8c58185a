import { expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { createServer } from "node:net";
import { startBreakwater } from "../support/breakwater.ts";
import { freePorts } from "../support/ports.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { breakwater } from "./breakwater.ts";

test("a port that somebody else has is named with its key", async () => {
  await using home = await temporaryDirectory("serve");
  const [https = 0, notary = 0] = await freePorts(2);
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(notary, resolve));
  try {
    const { code, stderr } = await breakwater(["serve"], {
      cwd: home.path,
      env: { BREAKWATER_HTTPS_PORT: String(https), BREAKWATER_NOTARY_PORT: String(notary) },
    });
    expect([code, stderr]).toEqual([
      1,
      `breakwater: The port ${notary} on :: cannot be used (EADDRINUSE). Stop what listens there, or set another by notary.port.\n`,
    ]);
  } finally {
    other.close();
  }
});

test("the data that it makes is for its own account", async () => {
  await using server = await startBreakwater({ http: true });
  expect((await stat(server.dataDir)).mode & 0o077).toBe(0);
});
