import { createReadStream } from "node:fs";
import { setPriority } from "node:os";
import { analyzers } from "../analyzers.ts";
import { encodeLayerInventory } from "../layer/inventory.ts";
import { readLayer } from "../layer/layer-reader.ts";
import { UnreadableLayer } from "../layer/unreadable-layer.ts";
import { exitCodes, fromArguments, type Order } from "./orders.ts";

/** The lowest: whoever pushes or pulls goes first. */
const priority = 19;
const pieceBytes = 256 * 1024;

/** The process's whole work. Its exit code says what it has written to the standard output. */
export async function readLayerAndExit(args: readonly string[]): Promise<never> {
  setPriority(priority);
  const { code, output } = await read(fromArguments(args));
  await Bun.write(Bun.stdout, output);
  // The rest of a layer that is not looked at any more would keep the process waiting.
  process.exit(code);
}

async function read(order: Order): Promise<{ code: number; output: Uint8Array | string }> {
  try {
    const layer = createReadStream("", { fd: 0, autoClose: false, highWaterMark: pieceBytes });
    const { inventory, missedLinks } = await readLayer(layer, { ...order, analyzers });
    if (missedLinks.length > 0) return { code: exitCodes.missedLinks, output: JSON.stringify(missedLinks) };
    return { code: exitCodes.inventory, output: encodeLayerInventory(inventory, order.limits.outputBytes) };
  } catch (error) {
    if (error instanceof UnreadableLayer) return { code: exitCodes.failure, output: error.message };
    return { code: exitCodes.trouble, output: `Reading the layer failed: ${(error as Error).message}.` };
  }
}
