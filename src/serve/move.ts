import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import type { Config, StorageConfig } from "../config/index.ts";
import { migrate, readTables } from "../db/index.ts";
import { BreakwaterError, systemClock } from "../kernel/index.ts";
import {
  claimTarget,
  copyBlobs,
  copyMetadata,
  copyUploads,
  copyVulnerabilityDatabases,
  type Progress,
  releaseTarget,
} from "../migration/index.ts";
import type { Outcome } from "../registry/index.ts";
import { databaseFile, openDatabase } from "./database.ts";
import { authorityDirectory } from "./listeners.ts";
import { whoServes } from "./presence.ts";
import { shareSecret } from "./secret.ts";
import { openServices, type Services } from "./services.ts";
import { openStorage, prepareStorage } from "./storage.ts";

/** What was copied, and what is wrong with it. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly blobs: number;
  /** Of these, what a run before this one had copied. */
  readonly present: number;
  /** Bytes that this run copied. */
  readonly bytes: number;
  readonly uploads: number;
  readonly links: number;
  /** Sentences about blobs that the source does not have as it should; they are missing in the target too. */
  readonly damaged: readonly string[];
  /** What a check of the target found; with nothing here and nothing damaged it may be served. */
  readonly findings: readonly Outcome[];
}

/**
 * Copies an installation, from which nothing is taken away, to where `target` says, and checks what came out.
 * Throws CONFLICT while the source is served and where the target holds something else, CONFIG_INVALID when the
 * two cannot have one secret.
 */
export async function moveInstallation(
  source: Config,
  services: Services,
  target: Config,
  progress: Progress,
): Promise<Move> {
  const [from, to] = [placeOf(source), placeOf(target)];
  if (from.database === to.database) {
    throw new BreakwaterError("CONFLICT", `The target has the source's database (${to.database}).`);
  }
  await requireStopped(services);
  await shareSecret(source, target);
  await shareAuthority(source, target);
  await using copied = await copy(from, services, target, to, progress);
  await requireStopped(services);
  const { fsck } = copied.services.registry;
  const sameStorage = from.storage === to.storage;
  const links = sameStorage ? 0 : await fsck.writeLinks((count) => progress(`links: ${count}`));
  const findings: Outcome[] = [];
  await fsck.run({
    deep: false,
    repair: false,
    discardUnknown: false,
    grace: 0,
    onFinding(finding) {
      // It was lost before, which the source says too.
      if (finding.kind !== "blob-lost") findings.push(finding);
    },
    onProgress: (check) => progress(`checking the copy: ${check}`),
  });
  if (findings.length === 0 && copied.blobs.damaged.length === 0) {
    await releaseTarget(copied.services);
  }
  const { rows, uploads } = copied;
  const { copied: blobs, present, bytes, damaged } = copied.blobs;
  const names = { from: `${from.database}, ${from.storage}`, to: `${to.database}, ${to.storage}` };
  return { ...names, rows, blobs: blobs + present, present, bytes, uploads, links, damaged, findings };
}

async function copy(from: Place, services: Services, target: Config, to: Place, progress: Progress) {
  const sameStorage = from.storage === to.storage;
  await using opened = new AsyncDisposableStack();
  const database = await openDatabase(target);
  opened.defer(() => database.close());
  await migrate(database);
  if (!sameStorage) await prepareStorage(target.storage);
  const objects = await openStorage(target.storage);
  const tables = await readTables();
  const goesOn = await claimTarget({ database, objects }, tables, from.database, sameStorage);
  const rows = await copyMetadata(services.database, database, tables, goesOn, progress);
  const none = { copied: 0, present: 0, bytes: 0, damaged: [] };
  const blobs = sameStorage ? none : await copyBlobs(database, services.objects, objects, progress);
  const uploads = sameStorage ? 0 : await copyUploads(database, services.objects, objects, progress);
  if (!sameStorage) await copyVulnerabilityDatabases(services.objects, objects, progress);
  const rooms = await openServices(target);
  return { rows, blobs, uploads, services: rooms, [Symbol.asyncDispose]: () => rooms[Symbol.asyncDispose]() };
}

async function requireStopped({ database }: Services): Promise<void> {
  const serving = await whoServes(database.read, systemClock);
  if (serving.length === 0) return;
  throw new BreakwaterError(
    "CONFLICT",
    `The source is being served, and what changes now would be missing in the copy. Stop ${serving.join("; ")}. One that was killed is forgotten after a minute.`,
  );
}

interface Place {
  readonly database: string;
  readonly storage: string;
}

/** Where an installation lies, in words: two that say the same are the same. */
function placeOf(config: Config): Place {
  const { database, storage } = config;
  const file = databaseFile(config);
  return {
    database:
      database.engine === "postgresql"
        ? `PostgreSQL database ${database.name} at ${database.host}:${database.port}`
        : `SQLite in ${file}`,
    storage: describePlace(storage),
  };
}

function describePlace(storage: StorageConfig): string {
  switch (storage.driver) {
    case "filesystem":
      return `files in ${storage.rootDirectory}`;
    case "s3": {
      const { bucket, rootDirectory, endpoint, region } = storage.s3;
      return `bucket ${bucket}/${rootDirectory} at ${endpoint ?? region}`;
    }
    case "azure": {
      const { container, rootDirectory, endpoint } = storage.azure;
      return `container ${container}/${rootDirectory} at ${endpoint}`;
    }
    case "gcs": {
      const { bucket, rootDirectory, endpoint } = storage.gcs;
      return `bucket ${bucket}/${rootDirectory} at ${endpoint}`;
    }
  }
}

/** Clients trust the source's own authority: where the target would make one of its own, it gets that one. */
async function shareAuthority(source: Config, target: Config): Promise<void> {
  const [from, to] = [authorityDirectory(source), authorityDirectory(target)];
  const needed = target.https !== null && target.https.certificate === null;
  if (!needed || from === to || !existsSync(from) || existsSync(to)) return;
  await cp(from, to, { recursive: true, errorOnExist: true, force: false, preserveTimestamps: true });
}
