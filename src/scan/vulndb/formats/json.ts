import { type FeedDocument, wholeOf } from "./documents.ts";
import { JsonDepth } from "./json-depth.ts";

/** Below it even the deepest nesting costs little memory, and looking for it more time than it saves. */
const harmless = 256 * 1024;

/** A document as JSON. Throws an Error with a sentence. */
export async function jsonOf(document: FeedDocument): Promise<unknown> {
  const bytes = await wholeOf(document);
  // Each level of nesting becomes an object many times its size.
  if (bytes.length > harmless) new JsonDepth().pass(bytes, 0, () => false);
  return parseJson(bytes);
}

export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new Error("It is not valid JSON.", { cause: error });
  }
}
