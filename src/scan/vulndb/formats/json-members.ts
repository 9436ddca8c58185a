import { type FeedDocument, piecesOf } from "./documents.ts";
import { parseJson } from "./json.ts";
import { closeBrace, closeBracket, colon, comma, JsonDepth, openBrace, openBracket } from "./json-depth.ts";

/** A member of a large JSON object, or one element of its list. */
export interface Member {
  readonly key: string;
  readonly value: unknown;
}

const largestMember = 64 * 1024 * 1024;

/**
 * The members of the object that a document is, one after the other, so that only one is in memory. Of those in
 * `lists` each element comes by itself. Throws an Error with a sentence.
 */
export async function* membersOf(
  document: FeedDocument,
  lists: ReadonlySet<string> = new Set(),
): AsyncGenerator<Member> {
  const reader = new MemberReader(lists);
  for await (const piece of piecesOf(document)) yield* reader.push(piece);
  reader.end();
}

/** What is read at the moment: what lies before the object, a member's name, its value, an element of it, what follows. */
type State = "start" | "key" | "value" | "element" | "end";

/** Cuts JSON into members; what lies in them is left to `JSON.parse`. */
class MemberReader {
  readonly #lists: ReadonlySet<string>;
  readonly #depth = new JsonDepth();
  #state: State = "start";
  #key = "";
  #isList = false;
  /** What has been read in this state, of earlier pieces. */
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(lists: ReadonlySet<string>) {
    this.#lists = lists;
  }

  *push(piece: Uint8Array): Generator<Member> {
    const isWanted = (sign: number, level: number) => this.#isEnd(sign, level);
    let from = 0;
    for (;;) {
      const at = this.#depth.pass(piece, from, isWanted);
      this.#keep(piece.subarray(from, at));
      if (at === piece.length) return;
      const member = this.#turn(piece[at] as number, this.#take());
      if (member !== null) yield member;
      from = at + 1;
    }
  }

  end(): void {
    if (this.#state !== "end" || !isBlank(this.#take()))
      throw new Error("It ends in the middle, or goes on behind its end.");
  }

  /** Whether the sign ends what is being read. `level` is that after the sign. */
  #isEnd(sign: number, level: number): boolean {
    switch (this.#state) {
      case "start":
      case "end":
        return true;
      case "key":
        return level === 0 || (sign === colon && level === 1);
      case "value":
        return level === 0 || (level === 1 && sign === comma) || this.#beginsList(sign, level);
      case "element":
        return level === 1 || (level === 2 && sign === comma);
    }
  }

  #beginsList(sign: number, level: number): boolean {
    return sign === openBracket && level === 2 && !this.#isList && this.#lists.has(this.#key);
  }

  /** Goes over to the next state by the sign that ended `text`. */
  #turn(sign: number, text: Buffer): Member | null {
    switch (this.#state) {
      case "start":
        if (sign !== openBrace || !isBlank(text)) throw new Error("It is no JSON object.");
        this.#state = "key";
        return null;
      case "key":
        if (sign === colon) {
          this.#key = String(parseJson(text));
          this.#isList = false;
          this.#state = "value";
        } else if (sign === closeBrace && isBlank(text)) this.#state = "end";
        else throw new Error("It is not valid JSON.");
        return null;
      case "value":
        if (sign === openBracket) {
          if (!isBlank(text)) throw new Error("It is not valid JSON.");
          this.#isList = true;
          this.#state = "element";
          return null;
        }
        if (sign === closeBracket) throw new Error("It is not valid JSON.");
        this.#state = sign === comma ? "key" : "end";
        // The elements of a list have been told already.
        return this.#isList && isBlank(text) ? null : { key: this.#key, value: parseJson(text) };
      case "element":
        if (sign === closeBrace) throw new Error("It is not valid JSON.");
        if (sign === closeBracket) this.#state = "value";
        return sign === closeBracket && isBlank(text) ? null : { key: this.#key, value: parseJson(text) };
      case "end":
        throw new Error("It goes on behind its end.");
    }
  }

  #keep(part: Uint8Array): void {
    this.#size += part.length;
    if (this.#size > largestMember) throw new Error(`A part of it has more than ${largestMember} bytes.`);
    // The piece's memory may be used again.
    if (part.length > 0) this.#parts.push(Buffer.from(part));
  }

  #take(): Buffer {
    const [first = Buffer.alloc(0)] = this.#parts;
    const all =
      this.#parts.length > 1
        ? Buffer.concat(this.#parts)
        : Buffer.from(first.buffer, first.byteOffset, first.length);
    this.#parts = [];
    this.#size = 0;
    return all;
  }
}

function isBlank(bytes: Buffer): boolean {
  // Most are not, and their first bytes show it.
  return bytes.toString("utf8", 0, 16).trim() === "" && bytes.toString("utf8").trim() === "";
}
