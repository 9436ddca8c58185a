import { test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "../support/child.ts";
import { missingCommands } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/ports.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ROOT = join(import.meta.dir, "../..");
const missing = missingCommands("npm");

test.skipIf(missing !== undefined)(
  `SIGTERM to "npm start" stops the server${missing === undefined ? "" : ` [${missing}]`}`,
  async () => {
    await using home = await temporaryDirectory("npm-start");
    const [https = 0, notary = 0, metrics = 0] = await freePorts(3);
    const logFile = join(home.path, "log");
    const npm = new Child("npm", ["start"], {
      logFile,
      cwd: ROOT,
      env: {
        ...process.env,
        BREAKWATER_HOSTNAME: "localhost",
        BREAKWATER_DATA_VOLUME: join(home.path, "data"),
        BREAKWATER_HTTPS_PORT: String(https),
        BREAKWATER_NOTARY_PORT: String(notary),
        BREAKWATER_METRIC_PORT: String(metrics),
      },
    });
    const alive = () =>
      fetch(`http://127.0.0.1:${metrics}/metrics`).then(
        ({ ok }) => ok,
        () => false,
      );
    try {
      await eventually(alive, (ok) => ok);
      await npm.stop();
      // The shell between npm and the server once ended alone, and the server went on.
      await eventually(alive, (ok) => !ok);
    } catch (error) {
      throw new Error(await readFile(logFile, "utf8"), { cause: error });
    } finally {
      killGroup(npm.pid);
    }
  },
);

function killGroup(id: number): void {
  try {
    process.kill(-id, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}
