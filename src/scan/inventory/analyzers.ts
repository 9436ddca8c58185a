import type { Analyzer } from "./analyzer.ts";
import { osAnalyzers } from "./os/index.ts";

/** Everything that is looked for in a layer. Whoever changes what one of them finds raises `readerVersion`. */
export const analyzers: readonly Analyzer[] = [...osAnalyzers];
