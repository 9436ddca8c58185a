import { blobKey, type ObjectStore, uploadKey } from "../blobs/index.ts";
import type { Database } from "../db/index.ts";
import { type Digest, digestAlgorithm, digestHex } from "../kernel/index.ts";
import type { Progress } from "./metadata.ts";

/** Copied at once. Their memory, and the connections that they take, have a bound. */
const atOnce = 4;
/** Objects up to here are held in memory and written by one request. */
const wholeUpTo = 1024 * 1024;

export interface BlobsCopied {
  copied: number;
  /** Were there from a run before this, with the right size. */
  present: number;
  /** Of those copied now. */
  bytes: number;
  /** Sentences about blobs that the source itself does not have as it should. */
  readonly damaged: string[];
}

interface Blob {
  readonly id: number;
  readonly digest: string;
  readonly size: number;
  readonly links: number;
  readonly state: "live" | "lost";
}

/** Copies the bytes of all blobs; each is hashed on its way, and gets its place only when it is what it is called. */
export async function copyBlobs(
  database: Database,
  from: ObjectStore,
  to: ObjectStore,
  progress: Progress,
): Promise<BlobsCopied> {
  const outcome: BlobsCopied = { copied: 0, present: 0, bytes: 0, damaged: [] };
  const blobs = all(database);
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (;;) {
        const { value: blob, done } = await blobs.next();
        if (done) return;
        await copyOne(blob, from, to, outcome);
        const { copied, present, bytes } = outcome;
        progress(`blobs: ${copied} copied (${Math.round(bytes / 2 ** 20)} MiB), ${present} there already`);
      }
    }),
  );
  return outcome;
}

async function* all({ read }: Database): AsyncGenerator<Blob, undefined> {
  for (let last = 0; ; ) {
    const rows = await read
      .selectFrom("blob")
      .select(["id", "digest", "size", "links", "state"])
      .where("id", ">", last)
      .orderBy("id")
      .limit(500)
      .execute();
    const end = rows.at(-1);
    if (end === undefined) return;
    yield* rows;
    last = end.id;
  }
}

async function copyOne(blob: Blob, from: ObjectStore, to: ObjectStore, outcome: BlobsCopied): Promise<void> {
  const key = blobKey(blob.digest as Digest);
  if ((await to.stat(key))?.size === blob.size) {
    outcome.present++;
    return;
  }
  const stored = await from.stat(key);
  if (stored?.size !== blob.size) {
    const found = stored === null ? "is not in the source's storage" : `has ${stored.size} bytes there`;
    // What is known to be lost is served as such; what nothing links may have been collected, bytes first.
    if (blob.state === "live" && blob.links > 0)
      outcome.damaged.push(`${blob.digest} (${blob.size} bytes) ${found}`);
    return;
  }
  const good = await (blob.size <= wholeUpTo ? copyWhole : copyInPieces)(blob, from, to);
  if (!good) {
    outcome.damaged.push(`${blob.digest} (${blob.size} bytes) has other content in the source's storage`);
    return;
  }
  outcome.copied++;
  outcome.bytes += blob.size;
}

async function copyWhole({ digest }: Blob, from: ObjectStore, to: ObjectStore): Promise<boolean> {
  const key = blobKey(digest as Digest);
  const content = await from.get(key);
  const algorithm = digestAlgorithm(digest as Digest);
  if (content === null || Bun.CryptoHasher.hash(algorithm, content, "hex") !== hexOf(digest)) return false;
  await to.put(key, content);
  return true;
}

async function copyInPieces({ digest, size }: Blob, from: ObjectStore, to: ObjectStore): Promise<boolean> {
  const key = blobKey(digest as Digest);
  const staged = uploadKey(stagedId(digest));
  const hasher = new Bun.CryptoHasher(digestAlgorithm(digest as Digest));
  await stage(from.read(key), to, staged, Date.now(), (chunk) => hasher.update(chunk));
  if (hasher.digest("hex") !== hexOf(digest)) {
    await to.remove(staged);
    return false;
  }
  await to.move(staged, key, size);
  return true;
}

/** Writes a staged object from its beginning. `fence` must be larger than that of a run before this. */
export async function stage(
  bytes: AsyncIterable<Uint8Array>,
  to: ObjectStore,
  key: string,
  fence: number,
  each: (chunk: Uint8Array) => void = () => {},
): Promise<void> {
  const appender = await to.append(key, 0, { fence, takenOver: false });
  try {
    for await (const chunk of bytes) {
      each(chunk);
      const room = appender.write(chunk);
      if (room !== undefined) await room;
    }
    await appender.flush();
  } finally {
    await appender.close();
  }
}

/** In the form of an upload's id, and the same in each run: what one leaves behind the next one overwrites. */
function stagedId(digest: string): string {
  return hexOf(digest).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

function hexOf(digest: string): string {
  return digestHex(digest as Digest);
}
