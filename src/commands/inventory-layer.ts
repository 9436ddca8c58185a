import type { Command } from "commander";

/** For the server itself, which reads each layer in a process of its own: nobody else has a use for it. */
export function addInventoryLayer(program: Command): void {
  program.command("inventory-layer <order...>", { hidden: true }).action(async (order: string[]) => {
    const { readLayerAndExit } = await import("../scan/index.ts");
    await readLayerAndExit(order);
  });
}
