import { tmpdir } from "node:os";
import type { MissedLink } from "../layer/hard-links.ts";
import { defaultLimits, type LayerLimits } from "../layer/limits.ts";
import { exitCodes } from "./orders.ts";
import { type LayerBytes, type Outcome, runReader } from "./reader-process.ts";

/** Of a sentence that a process gave. */
const maxCharacters = 1000;

export interface InspectOptions {
  /** Those that are not given are `defaultLimits`. */
  readonly limits?: Partial<LayerLimits>;
  /** Where files of a layer that are too large for the memory are put meanwhile; the system's by default. */
  readonly temporaryFolder?: string;
  /** Ends the reading: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * A layer's inventory as it is stored (`decodeLayerInventory`), or why there is none, as a sentence. What `mayPass` is
 * of the machine or of the moment, the time and memory that were to be had among them.
 */
export type InspectedLayer =
  | { readonly inventory: Uint8Array }
  | { readonly failure: string; readonly mayPass: boolean };

/**
 * Reads a layer (a tar archive, plain or compressed with gzip or zstd) in a process of its own. `open` gives its
 * bytes, a second time where hard links need it. What the layer is to blame for is a failure; rejects with what
 * `open` or its stream fails with.
 */
export async function inspectLayer(
  open: () => LayerBytes | Promise<LayerBytes>,
  options: InspectOptions = {},
): Promise<InspectedLayer> {
  const { temporaryFolder = tmpdir(), signal } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const read = async (links: readonly MissedLink[]) =>
    runReader(await open(), { limits, temporaryFolder, links }, signal);
  const first = await read([]);
  return result(first.code === exitCodes.missedLinks ? await read(linksOf(first)) : first);
}

function linksOf({ output }: Outcome): MissedLink[] {
  return JSON.parse(textOf(output)) as MissedLink[];
}

function result({ code, output }: Outcome): InspectedLayer {
  if (code === exitCodes.inventory) return { inventory: output };
  return { failure: textOf(output).slice(0, maxCharacters), mayPass: code === exitCodes.trouble };
}

function textOf(output: Uint8Array): string {
  return Buffer.from(output).toString("utf8");
}
