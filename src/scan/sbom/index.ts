export { type SbomFormat, sbomFormats, sbomMediaTypes } from "./format.ts";
export type { Origin } from "./pushed/candidates.ts";
export type { PushedFormat, SbomDocument } from "./pushed/document.ts";
export { type PushedSbom, Sboms, type SbomsOptions } from "./sboms.ts";
