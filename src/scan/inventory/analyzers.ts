import type { Analyzer } from "./analyzer.ts";
import { languageAnalyzers } from "./languages/index.ts";
import { osAnalyzers } from "./os/index.ts";
import { rpmAnalyzers } from "./rpm/index.ts";

/** Everything that is looked for in a layer. Whoever changes what one of them finds raises `readerVersion`. */
export const analyzers: readonly Analyzer[] = [...osAnalyzers, ...rpmAnalyzers, ...languageAnalyzers];
