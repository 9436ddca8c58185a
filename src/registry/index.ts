import type { ObjectStore } from "../blobs/index.ts";
import type { Database } from "../db/index.ts";
import { type AuditLog, Events } from "../events/index.ts";
import { type Clock, hour } from "../kernel/index.ts";
import { ArtifactCopy } from "./artifact-copy.ts";
import { ArtifactDetails } from "./artifact-details.ts";
import { ArtifactLabels } from "./artifact-labels.ts";
import { ArtifactParts } from "./artifact-parts.ts";
import { ArtifactViews } from "./artifact-views.ts";
import { Artifacts } from "./artifacts.ts";
import { BlobIntake } from "./blob-intake.ts";
import { Blobs } from "./blobs.ts";
import { Catalog } from "./catalog.ts";
import { Collector } from "./collector.ts";
import { Fsck } from "./fsck/index.ts";
import { LinkRemoval } from "./link-removal.ts";
import { Manifests } from "./manifests.ts";
import { PullCounter } from "./pulls.ts";
import { Referrers } from "./referrers.ts";
import { Removal } from "./removal.ts";
import { Repositories } from "./repositories.ts";
import { RepositoryCatalog } from "./repository-catalog.ts";
import { Resolver } from "./resolver.ts";
import { Tags } from "./tags.ts";
import { Untagged } from "./untagged.ts";
import { UploadHashes } from "./upload-hashes.ts";
import { Uploads } from "./uploads.ts";

export type { ArtifactCopy } from "./artifact-copy.ts";
export type { Reference } from "./artifact-details.ts";
export type { ArtifactLabels } from "./artifact-labels.ts";
export type { Accessory, ArtifactTag } from "./artifact-parts.ts";
export type { Artifact, ArtifactOptions, ArtifactViews } from "./artifact-views.ts";
export type { ArtifactRef, Artifacts } from "./artifacts.ts";
export type { Blobs, LinkedBlob } from "./blobs.ts";
export type { Catalog } from "./catalog.ts";
export {
  type CollectionOptions,
  type CollectionReport,
  type Collector,
  garbageCollection,
} from "./collector.ts";
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
export { NotRunnableManifests } from "./not-runnable-manifests.ts";
export type { PullCounter } from "./pulls.ts";
export type { ReferrerDescriptor, ReferrerPage, Referrers } from "./referrers.ts";
export { unknownManifest } from "./refusals.ts";
export type { Removal } from "./removal.ts";
export type { Repositories } from "./repositories.ts";
export type { RepositoryCatalog, RepositoryEntry } from "./repository-catalog.ts";
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
  /** What people are shown of it: by Harbor's REST API, not by the registry's. */
  readonly repositoryCatalog: RepositoryCatalog;
  readonly artifacts: Artifacts;
  readonly artifactLabels: ArtifactLabels;
  readonly artifactCopy: ArtifactCopy;
  readonly removal: Removal;
  readonly fsck: Fsck;
}

export function createRegistry(
  database: Database,
  objects: ObjectStore,
  audit: AuditLog,
  clock: Clock,
  /** Milliseconds for which the collector keeps what nothing names. */
  grace = 2 * hour,
  events = new Events(),
): Registry {
  const repositories = new Repositories(database, clock);
  const intake = new BlobIntake(database, objects, clock);
  const links = new LinkRemoval(database, objects);
  const blobs = new Blobs(database, objects, clock, audit, repositories, links, grace);
  const hashes = new UploadHashes(objects);
  const uploads = new Uploads(database, objects, clock, repositories, hashes, intake);
  const manifests = new Manifests(database, objects, clock, audit, repositories, intake, events, links);
  const resolver = new Resolver(database, repositories);
  const details = new ArtifactDetails(database, objects);
  const views = new ArtifactViews(database, details, new ArtifactParts(database));
  return {
    repositories,
    blobs,
    uploads,
    manifests,
    resolver,
    tags: new Tags(database, objects, clock, audit, repositories, events, links),
    referrers: new Referrers(database),
    catalog: new Catalog(database),
    pulls: new PullCounter(database, clock),
    collector: new Collector(database, objects, clock, links, new Untagged(database, links, manifests)),
    repositoryCatalog: new RepositoryCatalog(database, audit, clock),
    artifacts: new Artifacts(database, views),
    artifactLabels: new ArtifactLabels(database, audit, clock),
    artifactCopy: new ArtifactCopy(database, blobs, manifests, resolver),
    removal: new Removal(database, links, clock, audit, repositories, manifests, uploads),
    fsck: new Fsck(database, objects, clock),
  };
}
