import { join } from "node:path";
import type { Breakwater } from "../support/breakwater.ts";
import { Child } from "../support/child.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

/** Runs `breakwater gc` without a grace beside a server, again and again, until it is killed with it. */
export class Collecting {
  readonly #server: Breakwater;
  #child: Child | undefined;
  #killed = false;

  constructor(server: Breakwater) {
    this.#server = server;
  }

  async run(): Promise<void> {
    const { configFile } = this.#server;
    const logFile = `${configFile}.gc.log`;
    while (!this.#killed) {
      const command = [MAIN, "gc", "--grace", "0s", "--config", configFile];
      this.#child = new Child(process.execPath, command, { logFile, env: process.env });
      const code = await this.#child.exited;
      if (code !== 0 && !this.#killed)
        throw new Error(`gc: exit code ${code}: ${await Bun.file(logFile).text()}`);
    }
  }

  async kill(): Promise<void> {
    this.#killed = true;
    await this.#child?.kill();
  }
}
