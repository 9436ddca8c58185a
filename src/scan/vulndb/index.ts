export {
  type BuildOptions,
  type BuildResult,
  buildDatabase,
  type FetchedFeed,
} from "./build.ts";
export { type KnownVulnerability, VulnerabilityDatabase } from "./database.ts";
export { distributionEcosystem } from "./ecosystems/distributions.ts";
export { advisoryName, familyOf, languageEcosystem, schemeOf, sourceName } from "./ecosystems/ecosystems.ts";
export { endOfLife } from "./ecosystems/end-of-life.ts";
export { type FeedFormat, type FeedRecord, isFeedFormat, readFeed } from "./formats/index.ts";
