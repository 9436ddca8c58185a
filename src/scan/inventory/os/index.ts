import type { Analyzer } from "../analyzer.ts";

/** What operating systems say of themselves and of their packages, without rpm's databases. */
export const osAnalyzers: readonly Analyzer[] = [];
