import type { ObjectStore } from "../blobs/index.ts";
import type { Database } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import type { Clock } from "../kernel/index.ts";
import { BlobIntake } from "./blob-intake.ts";
import { Blobs } from "./blobs.ts";
import { Catalog } from "./catalog.ts";
import { Collector } from "./collector.ts";
import { Fsck } from "./fsck/index.ts";
import { Manifests } from "./manifests.ts";
import { PullCounter } from "./pulls.ts";
import { Referrers } from "./referrers.ts";
import { Repositories } from "./repositories.ts";
import { Resolver } from "./resolver.ts";
import { Tags } from "./tags.ts";
import { UploadHashes } from "./upload-hashes.ts";
import { Uploads } from "./uploads.ts";

export type { Blobs, LinkedBlob } from "./blobs.ts";
export type { Catalog } from "./catalog.ts";
export type { CollectionOptions, CollectionReport, Collector } from "./collector.ts";
export type {
  Finding,
  FindingKind,
  Fsck,
  FsckOptions,
  FsckSummary,
  Outcome,
  Severity,
} from "./fsck/index.ts";
export type { RepositoryRef } from "./links.ts";
export { maxManifestSize, tooLarge } from "./manifest-document.ts";
export type { Manifests, PushedManifest, StoredManifest } from "./manifests.ts";
export type { PullCounter } from "./pulls.ts";
export type { ReferrerDescriptor, ReferrerPage, Referrers } from "./referrers.ts";
export { unknownManifest } from "./refusals.ts";
export type { Repositories } from "./repositories.ts";
export type { ResolvedManifest, Resolver } from "./resolver.ts";
export type { NamePage, Tags } from "./tags.ts";
export type { Body, ChunkRange, Upload, Uploads } from "./uploads.ts";

/** The registry: what is pushed, where it is visible, and when it goes. */
export interface Registry {
  readonly repositories: Repositories;
  readonly blobs: Blobs;
  readonly uploads: Uploads;
  readonly manifests: Manifests;
  readonly resolver: Resolver;
  readonly tags: Tags;
  readonly referrers: Referrers;
  readonly catalog: Catalog;
  readonly pulls: PullCounter;
  readonly collector: Collector;
  readonly fsck: Fsck;
}

export function createRegistry(
  database: Database,
  objects: ObjectStore,
  audit: AuditLog,
  clock: Clock,
): Registry {
  const repositories = new Repositories(database, clock);
  const intake = new BlobIntake(database, objects, clock);
  const blobs = new Blobs(database, objects, clock, audit, repositories);
  const hashes = new UploadHashes(objects);
  return {
    repositories,
    blobs,
    uploads: new Uploads(database, objects, clock, repositories, hashes, intake, blobs),
    manifests: new Manifests(database, objects, clock, audit, repositories, intake),
    resolver: new Resolver(database, repositories),
    tags: new Tags(database, objects, clock, audit, repositories),
    referrers: new Referrers(database),
    catalog: new Catalog(database),
    pulls: new PullCounter(database, clock),
    collector: new Collector(database, objects, clock),
    fsck: new Fsck(database, objects, clock),
  };
}
