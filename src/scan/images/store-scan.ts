import type { Tx } from "../../db/index.ts";
import { Courtesy } from "../../kernel/index.ts";
import { readPointer } from "../feeds/pointer.ts";
import { type ImageInventory, readerVersion } from "../inventory/index.ts";
import type { Finding, Identity } from "../match/finding.ts";
import { keyOf } from "../match/identities.ts";
import { matchIdentity } from "../match/match.ts";
import { FindingsLimit } from "../match/most-findings.ts";
import type { ImagePart } from "../match/parts.ts";
import { compress } from "./compressed-json.ts";
import { recount } from "./counts.ts";
import { replaceFindings } from "./findings.ts";
import { readMatched } from "./matched.ts";
import type { CurrentKnown, ImagesOptions } from "./options.ts";
import { ensureIdentities, linkIdentities, type StoredIdentity } from "./packages.ts";
import type { ImageQueue } from "./queue.ts";

/** What was found in an image, by the process that holds it. */
export interface ScannedImage {
  readonly manifestId: number;
  readonly holder: string;
  readonly inventory: ImageInventory;
  readonly parts: readonly ImagePart[];
  /** Each once. */
  readonly identities: readonly Identity[];
}

/** Findings by `keyOf` the identity, and the vulnerability database that they come from. */
interface Matches {
  readonly known: CurrentKnown | null;
  readonly findings: ReadonlyMap<string, readonly Finding[]>;
}

/** What is still to be done before a scan can be stored; null when it is stored, or is another's to store. */
type Lacking =
  | { readonly kind: "matches"; readonly identities: readonly Identity[] }
  | { readonly kind: "database" };

/** How often somebody else may be faster, one after the other, before that is no coincidence. */
const attempts = 10;

/**
 * Stores what is in an image, with what is known against it: all at once, so that no report says that it was made from a
 * vulnerability database with which a part of the image was never matched. Throws where that database cannot be had, and for more findings than an image may have.
 */
export async function storeScan(
  options: ImagesOptions,
  queue: ImageQueue,
  scanned: ScannedImage,
): Promise<void> {
  const content = compress(scanned.inventory);
  let known = options.current();
  let findings = new Map<string, readonly Finding[]>();
  for (let attempt = 0; attempt < attempts; attempt++) {
    const lacking = await options.database.write((tx) =>
      tryToStore(tx, options, queue, { ...scanned, content }, { known, findings }),
    );
    if (lacking === null) return;
    if (lacking.kind === "database") {
      known = await options.newest();
      if (known === null) throw new Error("The vulnerability database that holds cannot be opened here");
      findings = new Map();
    } else if (known !== null) {
      findings = new Map([...findings, ...(await matchAll(known, lacking.identities))]);
    }
  }
  throw new Error("The vulnerability database is exchanged all the time");
}

async function tryToStore(
  tx: Tx,
  { clock }: Pick<ImagesOptions, "clock">,
  queue: ImageQueue,
  scanned: ScannedImage & { readonly content: Uint8Array },
  { known, findings }: Matches,
): Promise<Lacking | null> {
  const { manifestId, holder, content, parts } = scanned;
  if (!(await queue.holds(tx, manifestId, holder))) return null;
  const stored = await ensureIdentities(tx, scanned.identities);
  const unmatched = scanned.identities.filter((one) => stored.get(keyOf(one))?.vulndb === null);
  if (unmatched.length > 0) {
    const databases = await databasesThatCount(tx);
    // Before the first one there is nothing to match with: it will be, with all others.
    const fits = known === null ? databases.size === 0 : databases.has(known.manifest.version);
    if (!fits) return { kind: "database" };
    const open = known === null ? [] : unmatched.filter((one) => !findings.has(keyOf(one)));
    if (open.length > 0) return { kind: "matches", identities: open };
  }
  await storeInventory(tx, manifestId, { reader: readerVersion, content });
  await tx
    .updateTable("image_scan")
    .set({ inventoried_at: clock(), parts: JSON.stringify(parts) })
    .where("manifest_id", "=", manifestId)
    .execute();
  await linkIdentities(tx, manifestId, stored);
  if (known !== null) {
    await replaceFindings(tx, byId(unmatched, stored, findings), known.manifest.version, clock());
  }
  await queue.finish(tx, manifestId, holder);
  await recount(tx, [manifestId], clock());
  return null;
}

/**
 * The versions of the vulnerability database that findings may come from: the one that all images were matched with, and
 * the one with which they are being matched. Whoever has an older one open would claim to know what it does not.
 */
async function databasesThatCount(tx: Tx): Promise<ReadonlySet<string>> {
  const versions = [(await readMatched(tx))?.manifest.version, (await readPointer(tx))?.version];
  return new Set(versions.filter((version) => version !== undefined));
}

async function matchAll(
  known: CurrentKnown,
  identities: readonly Identity[],
): Promise<ReadonlyMap<string, readonly Finding[]>> {
  const matched = new Map<string, readonly Finding[]>();
  const courtesy = new Courtesy();
  const limit = new FindingsLimit();
  for (const identity of identities) {
    const found = matchIdentity(known, identity);
    limit.spend(found.length);
    matched.set(keyOf(identity), found);
    if (courtesy.due) await courtesy.pause();
  }
  return matched;
}

function byId(
  identities: readonly Identity[],
  stored: ReadonlyMap<string, StoredIdentity>,
  findings: ReadonlyMap<string, readonly Finding[]>,
): ReadonlyMap<number, readonly Finding[]> {
  const found = new Map<number, readonly Finding[]>();
  for (const identity of identities) {
    const known = stored.get(keyOf(identity));
    if (known !== undefined) found.set(known.id, findings.get(keyOf(identity)) ?? []);
  }
  return found;
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
