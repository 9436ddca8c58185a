import type { Command } from "commander";
import { addAdmin } from "./admin.ts";
import { addConfig } from "./config.ts";
import { addFeeds } from "./feeds.ts";
import { addFsck } from "./fsck.ts";
import { addGc } from "./gc.ts";
import { addMigrate } from "./migrate.ts";
import { addOwnProcesses } from "./own-processes.ts";
import { addServe } from "./serve.ts";
import { addTrust } from "./trust.ts";
import { addVex } from "./vex.ts";

/**
 * Adds every subcommand. They load what they need only when they run, so that help comes at once; each inherits
 * the program's settings and throws what goes wrong.
 */
export function addCommands(program: Command): void {
  addServe(program);
  addConfig(program);
  addGc(program);
  addFsck(program);
  addTrust(program);
  addFeeds(program);
  addVex(program);
  addAdmin(program);
  addMigrate(program);
  addOwnProcesses(program);
}
