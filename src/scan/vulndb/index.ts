export { distributionEcosystem } from "./ecosystems/distributions.ts";
export { advisoryName, languageEcosystem, schemeOf } from "./ecosystems/ecosystems.ts";
export { endOfLife } from "./ecosystems/end-of-life.ts";
