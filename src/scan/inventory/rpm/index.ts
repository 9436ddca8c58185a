import type { Analyzer } from "../analyzer.ts";
import { rpmDatabase, rpmLog } from "./database.ts";
import { rpmManifest } from "./manifest.ts";

/** Packages of rpm, where rpm is installed and where it is not. */
export const rpmAnalyzers: readonly Analyzer[] = [rpmDatabase, rpmLog, rpmManifest];
