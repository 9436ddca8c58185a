import type { Distribution } from "../package.ts";
import type { ImageLayers } from "./image-layers.ts";

/** os-release(5) first, then what there was before it. */
const releaseFiles = [
  ...["etc/os-release", "usr/lib/os-release"],
  ...["etc/alpine-release", "etc/redhat-release", "etc/system-release", "etc/centos-release"],
  "etc/debian_version",
];
const alpineRepositories = "etc/apk/repositories";

export function distributionOf(image: ImageLayers): Distribution | null {
  const said = releaseFiles.map((path) => saidIn(image, path)).find((each) => each?.id !== undefined);
  if (said?.id === undefined) return null;
  const { id, version = "", like = [], codename = null, name = id } = said;
  const repositories = id === "alpine" ? saidIn(image, alpineRepositories)?.version : undefined;
  return { id, version: corrected(version, repositories), like, codename, name };
}

function saidIn(image: ImageLayers, path: string): Partial<Distribution> | null {
  const resolved = image.view.resolve(path);
  if (resolved === null) return null;
  return image.filesAt(resolved).find(({ finds }) => finds.distribution !== null)?.finds.distribution ?? null;
}

/** The release that packages come from, unless the version only says it in more detail: `3.10.2` of `3.10`. */
function corrected(version: string, repositories: string | undefined): string {
  if (repositories === undefined) return version;
  return version === repositories || version.startsWith(`${repositories}.`) ? version : repositories;
}
