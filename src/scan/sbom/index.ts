export { sbomFormats, sbomMediaTypes } from "./format.ts";
export type { SbomDocument } from "./pushed/document.ts";
export { type PushedSbom, Sboms } from "./sboms.ts";
