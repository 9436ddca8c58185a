import { type Analyzer, headBytes } from "../analyzer.ts";
import type { Analysis } from "./analysis.ts";
import { Content, memoryBytes } from "./content.ts";
import type { FileFinds } from "./inventory.ts";
import type { LayerLimits } from "./limits.ts";

/** An analyzer that wants a file, and the name under which it does. */
export interface Want {
  readonly analyzer: Analyzer;
  readonly path: string;
}

export interface WantedFinds extends Want {
  readonly finds: FileFinds;
}

/** Takes the content of one file after the other, as far as somebody wants it, and has it analyzed. */
export class FileReader implements Disposable {
  readonly #analysis: Analysis;
  readonly #limits: LayerLimits;
  readonly #content: Content;
  readonly #head = Buffer.alloc(headBytes);
  #headLength = 0;
  #wants: readonly Want[] = [];
  #size = 0;
  /** Whether it is known, by the first bytes, who wants the rest. */
  #decided = false;
  /** Why the rest is not taken all the same: a sentence. */
  #refusal: string | null = null;
  #diskBytes = 0;

  constructor(analysis: Analysis, limits: LayerLimits, temporaryFolder: string) {
    this.#analysis = analysis;
    this.#limits = limits;
    this.#content = new Content(temporaryFolder);
  }

  begin(wants: readonly Want[], size: number): void {
    this.#wants = wants;
    this.#size = size;
    this.#headLength = 0;
    this.#decided = false;
  }

  data(piece: Buffer): void {
    let rest = piece;
    if (!this.#decided) {
      const taken = piece.copy(this.#head, this.#headLength);
      this.#headLength += taken;
      if (this.#headLength < headBytes) return;
      this.#decide();
      rest = piece.subarray(taken);
    }
    if (this.#wants.length > 0 && this.#refusal === null) this.#content.append(rest);
  }

  end(): WantedFinds[] {
    if (!this.#decided) this.#decide();
    return this.#wants.flatMap(({ analyzer, path }) => {
      const finds =
        this.#refusal === null
          ? this.#analysis.run(analyzer, this.#content.file(path))
          : failed(analyzer, path, this.#refusal);
      return finds === null ? [] : [{ analyzer, path, finds }];
    });
  }

  #decide(): void {
    this.#decided = true;
    const head = this.#head.subarray(0, this.#headLength);
    this.#wants = this.#wants.filter(({ analyzer }) => analyzer.accepts?.(head, this.#size) ?? true);
    if (this.#wants.length === 0) return;
    this.#refusal = this.#whyRefused();
    if (this.#refusal !== null) return;
    this.#content.begin(this.#size);
    this.#content.append(head);
  }

  /** Counts what goes to the disk: a small layer can hold many large files. */
  #whyRefused(): string | null {
    const { fileBytes, diskBytes } = this.#limits;
    if (this.#size > fileBytes) return `It is ${this.#size} bytes large; up to ${fileBytes} are read.`;
    if (this.#size <= memoryBytes) return null;
    this.#diskBytes += this.#size;
    return this.#diskBytes > diskBytes
      ? `It is ${this.#size} bytes large, and one of large files that have more than ${diskBytes} bytes together.`
      : null;
  }

  [Symbol.dispose](): void {
    this.#content[Symbol.dispose]();
  }
}

/** For a file that was not given to the analyzer that wanted it. */
export function failed(analyzer: Analyzer, path: string, sentence: string): FileFinds {
  const { type, database } = analyzer;
  return {
    path,
    type,
    database: database ?? false,
    packages: [],
    owns: [],
    distribution: null,
    failures: [sentence],
  };
}
