import type { Analyzer } from "../analyzer.ts";
import { apkInstalled } from "./apk.ts";
import { dpkgFiles, dpkgStatus, dpkgStatusFolder, dpkgSums } from "./dpkg.ts";
import { alpineRelease, apkRepositories, debianVersion, osRelease, redHatRelease } from "./releases.ts";

/** What operating systems say of themselves and of their packages, without rpm's databases. */
export const osAnalyzers: readonly Analyzer[] = [
  ...[dpkgStatus, dpkgStatusFolder, dpkgFiles, dpkgSums, apkInstalled],
  ...[osRelease, alpineRelease, debianVersion, redHatRelease, apkRepositories],
];
