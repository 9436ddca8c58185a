import {
  type Appender,
  layerLinkKey,
  type ObjectStore,
  uploadKey,
  uploadOfKey,
  uploadsPrefix,
} from "../blobs/index.ts";
import type { Database } from "../db/index.ts";
import {
  BreakwaterError,
  type Clock,
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  digestHex,
  isRefusal,
  type RepositoryName,
} from "../kernel/index.ts";
import type { BlobIntake } from "./blob-intake.ts";
import { type BlobRef, checkQuota, checkRoom, type RepositoryRef } from "./links.ts";
import type { Repositories } from "./repositories.ts";
import type { RunningHash, UploadHashes } from "./upload-hashes.ts";
import { type UploadHold, UploadHolds } from "./upload-holds.ts";

export type Body = AsyncIterable<Uint8Array>;

/** An upload under way. */
export interface Upload {
  readonly id: string;
  readonly repository: RepositoryRef;
  /** Who began it, as `VerifiedToken.subject` says it. */
  readonly subject: string;
  /** Bytes on stable storage. */
  readonly offset: number;
}

/** A chunk's place, from `Content-Range`: first byte and number of bytes. */
export interface ChunkRange {
  readonly start: number;
  readonly length: number;
}

interface Received {
  readonly hash: RunningHash;
  /** When the client went away midway: what to answer, should it still listen. */
  readonly interruption: BreakwaterError | null;
}

/**
 * Blob uploads (distribution specification 1.1, "Pushing blobs"). Their state is in the database and in the
 * staged object, so that any process can go on with an upload, and a restart loses at most what was not
 * acknowledged.
 */
export class Uploads {
  readonly #database: Database;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #repositories: Repositories;
  readonly #hashes: UploadHashes;
  readonly #intake: BlobIntake;
  readonly #holds: UploadHolds;

  constructor(
    database: Database,
    objects: ObjectStore,
    clock: Clock,
    repositories: Repositories,
    hashes: UploadHashes,
    intake: BlobIntake,
  ) {
    this.#database = database;
    this.#objects = objects;
    this.#clock = clock;
    this.#repositories = repositories;
    this.#hashes = hashes;
    this.#intake = intake;
    this.#holds = new UploadHolds(database, clock);
  }

  async begin(name: RepositoryName, subject: string, algorithm?: DigestAlgorithm): Promise<Upload> {
    const id = crypto.randomUUID();
    const repository = await this.#database.write(async (tx) => {
      const repository = await this.#repositories.ensure(tx, name);
      const now = this.#clock();
      await tx
        .insertInto("upload")
        .values({
          id,
          repository_id: repository.id,
          subject,
          offset: 0,
          holder: null,
          held_until: null,
          digest: null,
          started_at: now,
          updated_at: now,
        })
        .execute();
      return repository;
    });
    if (algorithm !== undefined) {
      this.#hashes.remember(uploadKey(id), await this.#hashes.resume(uploadKey(id), 0, algorithm));
    }
    return { id, repository, subject, offset: 0 };
  }

  /** Throws BLOB_UPLOAD_UNKNOWN when there is no such upload in the repository. */
  async get(name: string, id: string): Promise<Upload> {
    const row = await this.#database.read
      .selectFrom("upload")
      .innerJoin("repository", "repository.id", "upload.repository_id")
      .select(["upload.subject", "upload.offset", "repository.id", "repository.project_id"])
      .where("upload.id", "=", id)
      .where("repository.name", "=", name)
      .executeTakeFirst();
    if (row === undefined) throw unknownUpload(name);
    const repository = { id: row.id, projectId: row.project_id, name };
    return { id, repository, subject: row.subject, offset: row.offset };
  }

  /**
   * Appends what `body` brings and answers the upload as it then is. When the client goes away midway, what
   * had arrived is kept, and the upload can be resumed behind it.
   */
  async append(upload: Upload, body: Body, range: ChunkRange | null): Promise<Upload> {
    await using hold = await this.#holds.take(upload.id);
    const received = await this.#receive(upload, hold, body, range);
    await this.#settle(upload, hold, received);
    return { ...upload, offset: hold.offset };
  }

  /** Appends the last bytes, if any, checks the digest and makes the upload a blob of its repository. */
  async finish(upload: Upload, body: Body | null, range: ChunkRange | null, digest: Digest): Promise<void> {
    await using hold = await this.#holds.take(upload.id);
    let rest = body;
    if (hold.digest === digest) {
      // A balancer or client sends once more what a request has taken that died: its bytes are there already.
      for await (const _ of body ?? empty());
      rest = null;
      const placed = await this.#placedBefore(upload, hold, digest);
      if (placed !== null) return this.#link(upload, digest, placed);
    }
    const key = uploadKey(upload.id);
    const algorithm = digestAlgorithm(digest);
    let hash: RunningHash | null = null;
    if (rest !== null || hold.offset === 0) {
      const received = await this.#receive(upload, hold, rest ?? empty(), range, algorithm);
      if (received.interruption !== null) await this.#settle(upload, hold, received);
      hash = received.hash;
    }
    if (hash?.algorithm !== algorithm) hash = await this.#hashes.resume(key, hold.offset, algorithm);
    const actual = hash.hasher.digest("hex");
    if (actual !== digestHex(digest)) {
      await this.#discard(upload.id);
      throw new BreakwaterError(
        "DIGEST_INVALID",
        `The uploaded bytes have the digest ${algorithm}:${actual}, not ${digest}. Nothing was stored; push the blob again.`,
        { detail: { expected: digest, actual: `${algorithm}:${actual}`, size: hold.offset } },
      );
    }
    try {
      await checkRoom(this.#database.read, upload.repository.projectId, digest, hold.offset);
      const blob = await this.#intake.take(key, digest, hold.offset, (tx) => hold.confirmIn(tx, digest));
      await this.#link(upload, digest, blob);
    } catch (error) {
      if (isRefusal(error, "DENIED")) await this.#discard(upload.id);
      throw error;
    }
  }

  /** The blob that a request before made of this upload's bytes, if it died before it had linked it. */
  async #placedBefore(upload: Upload, hold: UploadHold, digest: Digest): Promise<BlobRef | null> {
    await checkRoom(this.#database.read, upload.repository.projectId, digest, hold.offset);
    return this.#intake.retake(digest, hold.offset, (tx) => hold.confirmIn(tx, digest));
  }

  async #link(upload: Upload, digest: Digest, blob: BlobRef): Promise<void> {
    const { repository, id } = upload;
    await this.#database.write(async (tx) => {
      await this.#intake.link(tx, repository, digest, blob);
      await tx.deleteFrom("upload").where("id", "=", id).execute();
      await this.#objects.put(layerLinkKey(repository.name, digest), digest);
    });
    this.#hashes.forget(uploadKey(id));
  }

  /** Takes a blob in one request. Nothing of it stays when it fails, since nobody could resume it. */
  async takeWhole(
    name: RepositoryName,
    subject: string,
    body: Body | null,
    range: ChunkRange | null,
    digest: Digest,
  ): Promise<void> {
    const upload = await this.begin(name, subject);
    try {
      await this.finish(upload, body, range, digest);
    } catch (error) {
      await this.#discard(upload.id);
      throw error;
    }
  }

  /** Gives the upload up, once nobody writes to it any more. */
  async cancel(upload: Pick<Upload, "id">): Promise<void> {
    await using _hold = await this.#holds.take(upload.id);
    await this.#discard(upload.id);
  }

  async #discard(id: string): Promise<void> {
    await this.#database.write((tx) => tx.deleteFrom("upload").where("id", "=", id).execute());
    this.#hashes.forget(uploadKey(id));
    await this.#objects.remove(uploadKey(id));
  }

  /** Streams `body` to the staged object. Afterwards `hold.offset` bytes are on stable storage. */
  async #receive(
    upload: Upload,
    hold: UploadHold,
    body: Body,
    range: ChunkRange | null,
    algorithm?: DigestAlgorithm,
  ): Promise<Received> {
    const from = hold.offset;
    if (range !== null && range.start !== from) throw wrongRange(range, from);
    await checkQuota(this.#database.read, upload.repository.projectId, from + (range?.length ?? 0));
    const key = uploadKey(upload.id);
    const hash = await this.#hashes.resume(key, from, from === 0 ? algorithm : undefined);
    const appender = await this.#objects.append(key, from, hold);
    let interruption: BreakwaterError | null = null;
    try {
      // Opened under a hold that was lost meanwhile, it may be the object that another is writing to.
      await hold.confirm();
      await this.#stream(upload, hold, body, hash, appender);
    } catch (error) {
      if (error instanceof BreakwaterError) throw error;
      interruption = interrupted(hash.offset, error);
    } finally {
      try {
        await appender.flush();
      } finally {
        await appender.close();
      }
    }
    if (interruption === null && range !== null && hash.offset - from !== range.length) {
      throw new BreakwaterError(
        "SIZE_INVALID",
        `The request announced ${range.length} bytes, and ${hash.offset - from} came. None of them was kept; send them again.`,
      );
    }
    hold.offset = hash.offset;
    return { hash, interruption };
  }

  async #stream(
    upload: Upload,
    hold: UploadHold,
    body: Body,
    hash: RunningHash,
    appender: Appender,
  ): Promise<void> {
    for await (const chunk of body) {
      hash.hasher.update(chunk);
      hash.offset += chunk.length;
      const room = appender.write(chunk);
      if (room !== undefined) await room;
      if (!hold.checkpointDue) continue;
      await appender.flush();
      await hold.checkpoint(hash.offset);
      await checkQuota(this.#database.read, upload.repository.projectId, hash.offset);
    }
  }

  /** Records how far the upload has come, and lets others go on with it. */
  async #settle(upload: Upload, hold: UploadHold, { hash, interruption }: Received): Promise<void> {
    await hold.release();
    this.#hashes.remember(uploadKey(upload.id), hash);
    if (interruption !== null) throw interruption;
  }

  /**
   * Forgets uploads that nobody has gone on with since `before`, and staged bytes that a crash left without
   * their upload; answers how many. With `dryRun` it only counts.
   */
  async purge(before: number, dryRun: boolean): Promise<number> {
    const stale = await this.#database.read
      .selectFrom("upload")
      .select("id")
      .where("updated_at", "<", before)
      .execute();
    const ids = new Set(stale.map(({ id }) => id));
    for await (const { key, modifiedAt } of this.#objects.list(uploadsPrefix)) {
      const id = uploadOfKey(key);
      if (modifiedAt < before && !ids.has(id) && !(await this.#isKnown(id))) ids.add(id);
    }
    if (dryRun) return ids.size;
    for (const id of ids) await this.#discard(id);
    await this.#objects.sweep(before);
    return ids.size;
  }

  async #isKnown(id: string): Promise<boolean> {
    const row = await this.#database.read
      .selectFrom("upload")
      .select("id")
      .where("id", "=", id)
      .executeTakeFirst();
    return row !== undefined;
  }
}

async function* empty(): Body {}

function unknownUpload(name: string): BreakwaterError {
  return new BreakwaterError(
    "BLOB_UPLOAD_UNKNOWN",
    `There is no such upload in "${name}": it is finished, was cancelled, or was purged for its age. Begin the upload again.`,
  );
}

function interrupted(offset: number, cause: unknown): BreakwaterError {
  return new BreakwaterError(
    "BLOB_UPLOAD_INVALID",
    `The connection ended after ${offset} bytes of the upload. Ask for its status and resume behind them.`,
    { cause },
  );
}

function wrongRange(range: ChunkRange, offset: number): BreakwaterError {
  return new BreakwaterError(
    "RANGE_INVALID",
    `The chunk begins at byte ${range.start}, and the upload has ${offset} bytes. Send the chunk that begins at byte ${offset}.`,
    { detail: { offset } },
  );
}
