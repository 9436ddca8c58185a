/** The orders of versions that there are, by whose rules. */
export type VersionScheme =
  | "deb"
  | "apk"
  | "rpm"
  | "pep440"
  | "semver"
  | "maven"
  | "gem"
  | "nuget"
  | "composer"
  | "go";
