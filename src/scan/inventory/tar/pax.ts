import { UnreadableLayer } from "../layer/unreadable-layer.ts";

/** What a PAX header says of the entry after it. Of an empty text the entry's own header prevails. */
export interface Extension {
  path?: string;
  link?: string;
  size?: number;
  /** The entry is a sparse file, in whichever of GNU's ways. */
  sparse?: boolean;
  /** Its name: `path` then is a made-up one. */
  sparseName?: string;
}

const sparsePrefix = "GNU.sparse.";

/**
 * The records of a PAX header, `<length> <key>=<value>\n` each (POSIX pax, "pax Extended Header"), as far as they
 * concern a reader. Throws UnreadableLayer.
 */
export function readPax(content: Buffer): Extension {
  const extension: Extension = {};
  const sparse = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(32, at);
    const digits = blank === -1 ? "" : content.toString("latin1", at, Math.min(blank, at + 10));
    const end = at + (/^\d+$/.test(digits) ? Number(digits) : 0);
    const equal = content.indexOf(61, blank);
    if (equal === -1 || equal >= end || end > content.length || content[end - 1] !== 10) throw malformed();
    const key = content.toString("utf8", blank + 1, equal);
    const value = content.toString("utf8", equal + 1, end - 1);
    if (key.startsWith(sparsePrefix)) sparse.set(key.slice(sparsePrefix.length), withoutZero(value));
    else take(extension, key, value);
    at = end;
  }
  if (!isSparse(sparse)) return extension;
  return { ...extension, sparse: true, sparseName: sparse.get("name") ?? "" };
}

/** In any other way than GNU's the records count for nothing, the name among them (GNU tar's manual, "PAX Formats"). */
function isSparse(records: ReadonlyMap<string, string>): boolean {
  const major = records.get("major") ?? "";
  const minor = records.get("minor") ?? "";
  if (major === "" && minor === "") return (records.get("map") ?? records.get("offset") ?? "") !== "";
  return ["0.0", "0.1", "1.0"].includes(`${major}.${minor}`);
}

function take(extension: Extension, key: string, value: string): void {
  if (key === "path") extension.path = withoutZero(value);
  else if (key === "linkpath") extension.link = withoutZero(value);
  else if (key === "size") extension.size = wholeNumber(value);
}

function withoutZero(text: string): string {
  if (text.includes("\0")) throw malformed();
  return text;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw malformed();
  return Number(text);
}

function malformed(): UnreadableLayer {
  return new UnreadableLayer("The layer is a damaged tar archive: an extended header is malformed.");
}
