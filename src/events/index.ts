export { type AuditEvent, AuditLog } from "./audit-log.ts";
export { AuditReader, type AuditRecord } from "./audit-reader.ts";
export {
  Events,
  type ExpiryAlarm,
  type ImageBecameVulnerable,
  type ManifestPushed,
  type TagAlarm,
  type TagsMoved,
  type TroubledTag,
  type TrustAlarm,
} from "./events.ts";
