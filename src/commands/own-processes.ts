import type { Command } from "commander";

/**
 * What the server does in processes of their own, where all of it is one executable: for itself, since nobody else has a
 * use for it.
 */
export function addOwnProcesses(program: Command): void {
  program.command("inventory-layer <order...>", { hidden: true }).action(async (order: string[]) => {
    const { readLayerAndExit } = await import("../scan/index.ts");
    await readLayerAndExit(order);
  });
  program.command("build-database", { hidden: true }).action(async () => {
    const { awaitBuildOrder } = await import("../scan/index.ts");
    awaitBuildOrder();
  });
}
