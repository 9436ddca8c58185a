const deepest = 64;

const quote = 0x22;
const backslash = 0x5c;
export const comma = 0x2c;
export const colon = 0x3a;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
export const openBracket = 0x5b;
export const closeBracket = 0x5d;

/** How deep in a JSON text one is. Knows texts and brackets, and no more of JSON than that. */
export class JsonDepth {
  /** After the last sign. */
  level = 0;
  #inText = false;
  #escaped = false;

  /**
   * Goes through `bytes` from `at` on until a sign of JSON's own, a bracket, comma or colon, is what `isWanted` asks for.
   * Where that is, or the length when there is none. Throws an Error for what is nested too deeply.
   */
  pass(bytes: Uint8Array, at: number, isWanted: (sign: number, level: number) => boolean): number {
    for (let index = at; index < bytes.length; index++) {
      const byte = bytes[index] as number;
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inText = false;
        continue;
      }
      if (byte === quote) {
        this.#inText = true;
        continue;
      }
      if (byte === openBrace || byte === openBracket) this.level++;
      else if (byte === closeBrace || byte === closeBracket) this.level--;
      else if (byte !== comma && byte !== colon) continue;
      if (this.level > deepest) throw new Error("It is nested too deeply.");
      if (isWanted(byte, this.level)) return index;
    }
    return bytes.length;
  }
}
