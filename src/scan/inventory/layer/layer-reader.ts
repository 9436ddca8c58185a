import { type TarHandler, TarReader } from "../tar/tar-reader.ts";
import { decompress } from "./decompress.ts";
import type { MissedLink } from "./hard-links.ts";
import type { LayerInventory } from "./inventory.ts";
import { LayerHandler, type LayerHandlerOptions } from "./layer-handler.ts";
import { UnreadableLayer } from "./unreadable-layer.ts";

export interface LayerReading {
  readonly inventory: LayerInventory;
  /** With which to read the layer again, to have everything. */
  readonly missedLinks: readonly MissedLink[];
}

/** Reads a layer as it comes. Throws UnreadableLayer. */
export async function readLayer(
  layer: AsyncIterable<Uint8Array>,
  options: LayerHandlerOptions,
): Promise<LayerReading> {
  using handler = new LayerHandler(options);
  await readTar(layer, handler, options.limits.uncompressedBytes);
  return { inventory: handler.inventory(), missedLinks: handler.missedLinks };
}

async function readTar(
  layer: AsyncIterable<Uint8Array>,
  handler: TarHandler,
  uncompressedBytes: number,
): Promise<void> {
  const tar = new TarReader(handler);
  const { bytes, endIsChecked } = await decompress(layer);
  let left = uncompressedBytes;
  for await (const piece of bytes) {
    left -= piece.length;
    if (left < 0) throw new UnreadableLayer(`The layer is larger than ${uncompressedBytes} bytes, unpacked.`);
    tar.feed(piece);
    if (tar.ended) return;
  }
  tar.finish();
  if (!endIsChecked && !tar.sawEnd) throw new UnreadableLayer("The layer ends before its tar archive does.");
}
