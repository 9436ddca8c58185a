import type { MissedLink } from "../layer/hard-links.ts";
import type { LayerLimits } from "../layer/limits.ts";

/** The command by which a program in one file is its own reader. */
export const readerCommand = "inventory-layer";

/** What the process that reads a layer is told. The layer comes by its standard input. */
export interface Order {
  readonly limits: LayerLimits;
  readonly temporaryFolder: string;
  readonly links: readonly MissedLink[];
}

/** An order as arguments. Each link is two of them: one argument alone cannot be as long as all links together. */
export function toArguments({ limits, temporaryFolder, links }: Order): string[] {
  return [JSON.stringify(limits), temporaryFolder, ...links.flatMap(({ target, path }) => [target, path])];
}

export function fromArguments([limits = "", temporaryFolder = "", ...names]: readonly string[]): Order {
  const links: MissedLink[] = [];
  for (let i = 0; i + 1 < names.length; i += 2)
    links.push({ target: names[i] ?? "", path: names[i + 1] ?? "" });
  return { limits: JSON.parse(limits) as LayerLimits, temporaryFolder, links };
}

/** What the standard output holds, by the exit code. With any other the process has crashed. */
export const exitCodes = {
  /** The inventory as it is stored. */
  inventory: 0,
  /** A sentence: why the layer cannot be read, which is the layer's own fault. */
  failure: 3,
  /** A sentence: what went wrong on the way, and may go well another time. */
  trouble: 5,
  /** Links as JSON with which to read the layer again. */
  missedLinks: 4,
} as const;
