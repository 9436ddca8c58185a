import { UnreadableFile } from "../analyzer.ts";
import { type Header, tag } from "./header.ts";

/** As Linux has it (PATH_MAX). */
const longestPath = 4096;

/**
 * The paths of the files that a package brought, without a slash at their start. A header has each folder once, and
 * of each file the name and its folder's number.
 */
export function* filesOf(header: Header): Generator<string> {
  const names = header.strings(tag.baseNames);
  const folders = header.strings(tag.directoryNames);
  const folderOf = header.integers(tag.directoryIndexes);
  for (const [index, name] of names.entries()) {
    const folder = folders[folderOf[index] ?? -1];
    if (folder === undefined) throw new UnreadableFile("An rpm header has a file without a folder.");
    if (folder.length + name.length > longestPath)
      throw new UnreadableFile("An rpm header has too long a path.");
    yield (folder + name).replace(/^\/+/, "");
  }
}
