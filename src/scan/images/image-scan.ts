import { batches, type Tx } from "../../db/index.ts";
import type { Digest } from "../../kernel/index.ts";
import { NotRunnableManifests } from "../../registry/index.ts";
import { composeImage, type ImageInventory, type ImageLayer, readerVersion } from "../inventory/index.ts";
import type { Finding, Identity } from "../match/finding.ts";
import { identitiesOf, keyOf } from "../match/identities.ts";
import { matchIdentity } from "../match/match.ts";
import { type ImagePart, partsOf } from "../match/parts.ts";
import { compress } from "./compressed-json.ts";
import { recount } from "./counts.ts";
import { Courtesy } from "./courtesy.ts";
import { replaceFindings } from "./findings.ts";
import { Layers } from "./layers.ts";
import type { ImagesOptions } from "./options.ts";
import { type StoredIdentity, storePackages } from "./packages.ts";
import type { ImageQueue } from "./queue.ts";

/** Scans one image: reads the layers that nobody has read, stores what is inside, and matches what is new. */
export class ImageScan {
  readonly #options: ImagesOptions;
  readonly #queue: ImageQueue;
  readonly layers: Layers;
  readonly #notRunnable: NotRunnableManifests;

  constructor(options: ImagesOptions, queue: ImageQueue) {
    const { database, objects } = options;
    this.#options = options;
    this.#queue = queue;
    this.layers = new Layers(options);
    this.#notRunnable = new NotRunnableManifests(database, objects);
  }

  /** May be run again after a crash, at any point. Throws what the database or the storage throws. */
  async run(manifestId: number, holder: string, signal: AbortSignal): Promise<void> {
    const manifest = await this.#manifest(manifestId);
    // Deleted meanwhile, and its row with it.
    if (manifest === undefined) return;
    if (await this.#notRunnable.has(manifest)) return this.#queue.drop(manifestId);
    const layers = await this.layers.of(manifest.repository_id, layersOf(manifest.content), signal);
    const failure = whatMayPass(layers);
    if (failure !== null && (await this.#hasOlderReport(manifestId))) throw new Error(failure);
    const inventory = composeImage(layers);
    const identified = identitiesOf(inventory);
    const identities = identified.map(({ identity }) => identity).filter((identity) => identity !== null);
    await this.#store(manifestId, holder, inventory, partsOf(inventory, identified), identities);
  }

  /** One of an older version of this program, which stands until there is a whole new one. */
  async #hasOlderReport(manifestId: number): Promise<boolean> {
    const older = await this.#options.database.read
      .selectFrom("image_inventory")
      .select("reader")
      .where("manifest_id", "=", manifestId)
      .where("reader", "<", readerVersion)
      .executeTakeFirst();
    return older !== undefined;
  }

  #manifest(id: number) {
    return this.#options.database.read
      .selectFrom("manifest")
      .innerJoin("manifest_content", "manifest_content.blob_id", "manifest.blob_id")
      .select(["manifest.digest", "manifest.repository_id", "manifest_content.content"])
      .where("manifest.id", "=", id)
      .executeTakeFirst();
  }

  async #store(
    manifestId: number,
    holder: string,
    inventory: ImageInventory,
    parts: readonly ImagePart[],
    identities: readonly Identity[],
  ): Promise<void> {
    const { database, clock, current } = this.#options;
    const content = compress(inventory);
    const known = current();
    const open = await database.write(async (tx) => {
      if (!(await this.#queue.holds(tx, manifestId, holder))) return null;
      await storeInventory(tx, manifestId, { reader: readerVersion, content });
      await tx
        .updateTable("image_scan")
        .set({ inventoried_at: clock(), parts: JSON.stringify(parts) })
        .where("manifest_id", "=", manifestId)
        .execute();
      const unmatched = unmatchedOf(await storePackages(tx, manifestId, identities), identities);
      if (known !== null && unmatched.size > 0) return { known, unmatched };
      await this.#queue.finish(tx, manifestId, holder);
      await recount(tx, [manifestId], clock());
      return null;
    });
    if (open === null) return;

    const matched = new Map<number, readonly Finding[]>();
    const courtesy = new Courtesy();
    for (const [id, identity] of open.unmatched) {
      matched.set(id, matchIdentity(open.known, identity));
      if (courtesy.due) await courtesy.pause();
    }
    await database.write(async (tx) => {
      if (!(await this.#queue.finish(tx, manifestId, holder))) return;
      const { version } = open.known.manifest;
      await replaceFindings(tx, await unmatchedAmong(tx, matched), version, clock());
      await recount(tx, [manifestId], clock());
    });
  }
}

/** By their ids, those that were matched with no vulnerability database yet. */
function unmatchedOf(
  stored: ReadonlyMap<string, StoredIdentity>,
  identities: readonly Identity[],
): ReadonlyMap<number, Identity> {
  const unmatched = new Map<number, Identity>();
  for (const identity of identities) {
    const { id, vulndb } = stored.get(keyOf(identity)) ?? {};
    if (id !== undefined && vulndb === null) unmatched.set(id, identity);
  }
  return unmatched;
}

async function storeInventory(
  tx: Tx,
  manifest_id: number,
  row: { readonly reader: number; readonly content: Uint8Array },
): Promise<void> {
  await tx
    .insertInto("image_inventory")
    .values({ manifest_id, ...row })
    .onConflict((conflict) => conflict.column("manifest_id").doUpdateSet(row))
    .execute();
}

/** What somebody else has matched meanwhile may come from a newer database. */
async function unmatchedAmong(
  tx: Tx,
  matched: ReadonlyMap<number, readonly Finding[]>,
): Promise<ReadonlyMap<number, readonly Finding[]>> {
  const open = new Map<number, readonly Finding[]>();
  for (const ids of batches([...matched.keys()])) {
    const rows = await tx
      .selectFrom("package_identity")
      .select("id")
      .where("id", "in", ids)
      .where("vulndb", "is", null)
      .execute();
    for (const { id } of rows) open.set(id, matched.get(id) ?? []);
  }
  return open;
}

/** Why one of the layers was not read that may be read another time; null when there is none. */
function whatMayPass(layers: readonly ImageLayer[]): string | null {
  for (const layer of layers) if ("failure" in layer && layer.mayPass) return layer.failure;
  return null;
}

function layersOf(content: Uint8Array): readonly Digest[] {
  const { layers = [] } = JSON.parse(new TextDecoder().decode(content)) as {
    layers?: readonly { readonly digest: Digest }[];
  };
  return layers.map(({ digest }) => digest);
}
