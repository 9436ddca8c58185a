export { type BlobsCopied, copyBlobs } from "./blobs.ts";
export { claimTarget, releaseTarget, requireWhole } from "./claim.ts";
export { copyMetadata, type Progress } from "./metadata.ts";
export { copyUploads } from "./uploads.ts";
export { copyVulnerabilityDatabases } from "./vulnerability-databases.ts";
