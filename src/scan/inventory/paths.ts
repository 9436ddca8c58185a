/** The parts of a path below the root of an image, whatever slashes and dots it has; `..` ends at the root. */
export function partsOf(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts;
}

const unclean = /\/$|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/;

/** The path without a slash at its start or end, and without `.` and `..`; empty for the root. */
export function normalPath(path: string): string {
  // As most paths begin that are not normal, in layers and in the lists of packages.
  const begin = path.startsWith("./") ? 2 : path.startsWith("/") ? 1 : 0;
  const rest = begin === 0 ? path : path.slice(begin);
  return rest.startsWith("/") || unclean.test(rest) ? partsOf(rest).join("/") : rest;
}

/** The part behind the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** `folder` is empty for the root. */
export function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
