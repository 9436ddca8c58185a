export { type AuditEvent, AuditLog } from "./audit-log.ts";
export { AuditReader, type AuditRecord } from "./audit-reader.ts";
