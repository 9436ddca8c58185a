import { TrustRefusal } from "../../trust/index.ts";

/** A part of a form: the whole file name, slashes and all, and what was uploaded under it. */
export interface Part {
  readonly fileName: string;
  readonly content: Uint8Array;
}

/** More than a repository has roles that are published together. */
const maxParts = 500;
const maxHeaders = 8 * 1024;

/**
 * The parts of a `multipart/form-data` body (RFC 7578; RFC 2046, section 5.1), none where it has none: Docker sends
 * such a one when it pushes a signed tag again. Throws MALFORMED_UPLOAD for anything else.
 */
export function parseMultipart(contentType: string | null, body: Uint8Array): Part[] {
  const boundary = boundaryOf(contentType);
  if (boundary === null) throw malformed("The body is not multipart/form-data.");
  const text = Buffer.from(body.buffer, body.byteOffset, body.length);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const parts: Part[] = [];
  for (let at = findFirst(text, delimiter); ; ) {
    if (at === -1) throw malformed("The closing boundary is missing.");
    const from = at + delimiter.length;
    if (text.subarray(from, from + 2).toString() === "--") return parts;
    if (parts.length >= maxParts) throw malformed("There are too many parts.");
    const lineEnd = text.indexOf("\r\n", from);
    if (lineEnd < 0 || text.subarray(from, lineEnd).toString().trim() !== "")
      throw malformed("A boundary is broken.");
    at = text.indexOf(delimiter, lineEnd);
    if (at === -1) throw malformed("The closing boundary is missing.");
    parts.push(parsePart(text.subarray(lineEnd, at)));
  }
}

/** The line's end that belongs to a delimiter is left out where the body begins with one; -1 where there is none. */
function findFirst(text: Buffer, delimiter: Buffer): number {
  const atOnce = text.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2));
  return atOnce ? -2 : text.indexOf(delimiter);
}

/** From the line's end behind the delimiter to where the next one begins. */
function parsePart(text: Buffer): Part {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0 || end > maxHeaders) throw malformed("The headers of a part are broken.");
  const headers = text.subarray(0, end).toString().split("\r\n");
  const disposition = headers.find((line) => /^content-disposition:/i.test(line)) ?? "";
  return { fileName: parameter(disposition, "filename") ?? "", content: text.subarray(end + 4) };
}

function boundaryOf(contentType: string | null): string | null {
  if (contentType === null || !/^multipart\/(form-data|mixed) *;/i.test(contentType)) return null;
  const boundary = parameter(contentType, "boundary");
  return boundary === null || boundary === "" || boundary.length > 70 ? null : boundary;
}

/** A header's parameter (RFC 9110, section 5.6.6), of a quoted one what is quoted. */
function parameter(header: string, name: string): string | null {
  const pattern = /; *([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;
  for (const [, found = "", quoted, plain] of header.matchAll(pattern)) {
    if (found.toLowerCase() === name) return quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "";
  }
  return null;
}

function malformed(message: string): TrustRefusal {
  return new TrustRefusal("MALFORMED_UPLOAD", message);
}
