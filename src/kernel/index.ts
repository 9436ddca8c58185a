export * from "./caller.ts";
export * from "./clock.ts";
export * from "./digest.ts";
export * from "./errors.ts";
export * from "./lru.ts";
export * from "./media-types.ts";
export * from "./names.ts";
export * from "./networks.ts";
export { version } from "./version.ts";
