import type { Analyzer } from "../analyzer.ts";

/** What the package managers of languages have installed. */
export const languageAnalyzers: readonly Analyzer[] = [];
