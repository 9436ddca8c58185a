import { type FeedDocument, piecesOf, wholeOf } from "./documents.ts";

const deepest = 64;
/** Below it even the deepest nesting costs little memory, and looking for it more time than it saves. */
const harmless = 256 * 1024;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** A document as JSON. Throws an Error with a sentence. */
export async function jsonOf(document: FeedDocument): Promise<unknown> {
  const bytes = await wholeOf(document);
  if (bytes.length > harmless) expectShallow(bytes);
  return parse(bytes);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new Error("It is not valid JSON.", { cause: error });
  }
}

/** Each level of nesting becomes an object many times its size. */
function expectShallow(bytes: Uint8Array): void {
  const depth = new Depth();
  for (let at = 0; at < bytes.length; at++) depth.step(bytes[at] as number);
}

/** How deep in a JSON text one is, byte by byte. */
class Depth {
  level = 0;
  #inText = false;
  #escaped = false;

  /** True when the byte is a sign of JSON's own, and no part of a text. `level` is that after the byte. */
  step(byte: number): boolean {
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === backslash) this.#escaped = true;
      else if (byte === quote) this.#inText = false;
      return false;
    }
    if (byte === quote) this.#inText = true;
    else if (byte === openBrace || byte === openBracket) {
      if (++this.level > deepest) throw new Error("It is nested too deeply.");
    } else if (byte === closeBrace || byte === closeBracket) this.level--;
    return byte !== quote;
  }
}

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

/** Cuts JSON into members without a parser: it knows texts and brackets, `JSON.parse` the rest. */
class MemberReader {
  readonly #lists: ReadonlySet<string>;
  readonly #depth = new Depth();
  #state: "start" | "key" | "value" | "element" | "end" = "start";
  #key = "";
  /** What has been read of the key or value before this piece. */
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(lists: ReadonlySet<string>) {
    this.#lists = lists;
  }

  *push(piece: Uint8Array): Generator<Member> {
    let from = 0;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] as number;
      if (!this.#depth.step(byte)) continue;
      const closes = byte === closeBrace || byte === closeBracket;
      if (this.#state === "start") {
        const before = this.#take(piece, from, at);
        if (byte !== openBrace || !isBlank(before)) throw new Error("It is no JSON object.");
        this.#state = "key";
        from = at + 1;
      } else if (this.#state === "key" && byte === colon && this.#depth.level === 1) {
        this.#key = String(parse(this.#take(piece, from, at)));
        this.#state = "value";
        from = at + 1;
      } else if (this.#state === "key" && closes && this.#depth.level === 0) {
        if (!isBlank(this.#take(piece, from, at))) throw new Error("It is not valid JSON.");
        this.#state = "end";
        from = at + 1;
      } else if (this.#state === "value" && byte === openBracket && this.#depth.level === 2) {
        if (!this.#lists.has(this.#key)) continue;
        this.#state = "element";
        this.#take(piece, from, at);
        from = at + 1;
      } else if (this.#state === "value" && this.#endsAt(byte, closes, 1)) {
        const text = this.#take(piece, from, at);
        // Nothing is left of a list whose elements have been told.
        if (!isBlank(text)) yield { key: this.#key, value: parse(text) };
        this.#state = closes ? "end" : "key";
        from = at + 1;
      } else if (this.#state === "element" && this.#endsAt(byte, closes, 2)) {
        const text = this.#take(piece, from, at);
        if (!isBlank(text)) yield { key: this.#key, value: parse(text) };
        from = at + 1;
        if (closes) this.#state = "value";
      }
    }
    this.#keep(piece.subarray(from));
  }

  end(): void {
    if (this.#state !== "end" || !isBlank(Buffer.concat(this.#parts)))
      throw new Error("It ends in the middle, or goes on behind its end.");
  }

  #endsAt(byte: number, closes: boolean, level: number): boolean {
    return closes ? this.#depth.level === level - 1 : byte === comma && this.#depth.level === level;
  }

  #keep(part: Uint8Array): void {
    this.#size += part.length;
    if (this.#size > largestMember) throw new Error(`A part of it has more than ${largestMember} bytes.`);
    // The piece's memory may be used again.
    if (part.length > 0) this.#parts.push(Buffer.from(part));
  }

  #take(piece: Uint8Array, from: number, to: number): Buffer {
    this.#keep(piece.subarray(from, to));
    const all = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return all;
  }
}

function isBlank(bytes: Buffer): boolean {
  // Most are not, and their first bytes show it.
  return bytes.toString("utf8", 0, 16).trim() === "" && bytes.toString("utf8").trim() === "";
}
