export { FileSystemStore } from "./file-system-store.ts";
export * from "./layout.ts";
export type { Appender, ObjectInfo, ObjectStore, Writer } from "./object-store.ts";
