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

/**
 * The records of a PAX header, `<length> <key>=<value>\n` each (POSIX pax, "pax Extended Header"), as far as they
 * concern a reader. Throws UnreadableLayer.
 */
export function readPax(content: Buffer): Extension {
  const extension: Extension = {};
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(32, at);
    const digits = blank === -1 ? "" : content.toString("latin1", at, Math.min(blank, at + 10));
    const end = at + (/^\d+$/.test(digits) ? Number(digits) : 0);
    const equal = content.indexOf(61, blank);
    if (equal === -1 || equal >= end || end > content.length || content[end - 1] !== 10) throw malformed();
    take(extension, content.toString("utf8", blank + 1, equal), content.toString("utf8", equal + 1, end - 1));
    at = end;
  }
  return extension;
}

function take(extension: Extension, key: string, value: string): void {
  if (key === "path") extension.path = withoutZero(value);
  else if (key === "linkpath") extension.link = withoutZero(value);
  else if (key === "size") extension.size = wholeNumber(value);
  else if (key.startsWith("GNU.sparse.")) extension.sparse = true;
  if (key === "GNU.sparse.name") extension.sparseName = withoutZero(value);
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
