import { type Analyzer, headBytes } from "../analyzer.ts";
import type { Analysis } from "./analysis.ts";
import { Content } from "./content.ts";
import type { FileFinds } from "./inventory.ts";

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
  readonly #maxBytes: number;
  readonly #content: Content;
  #wants: readonly Want[] = [];
  #size = 0;
  /** Whether it is known, by the first bytes, who wants the rest. */
  #decided = false;

  constructor(analysis: Analysis, maxBytes: number, temporaryFolder: string) {
    this.#analysis = analysis;
    this.#maxBytes = maxBytes;
    this.#content = new Content(temporaryFolder);
  }

  begin(wants: readonly Want[], size: number): void {
    this.#wants = wants;
    this.#size = size;
    this.#decided = false;
    this.#content.begin(size);
  }

  data(piece: Buffer): void {
    if (this.#wants.length === 0) return;
    if (this.#decided) this.#content.append(piece);
    else {
      const head = piece.subarray(0, headBytes - this.#content.filled);
      this.#content.append(head);
      if (this.#content.filled === headBytes) {
        this.#decide();
        this.data(piece.subarray(head.length));
      }
    }
  }

  end(): WantedFinds[] {
    if (!this.#decided) this.#decide();
    return this.#wants.flatMap(({ analyzer, path }) => {
      const finds = this.#isTooLarge
        ? failed(analyzer, path, `It is ${this.#size} bytes large; up to ${this.#maxBytes} are read.`)
        : this.#analysis.run(analyzer, this.#content.file(path));
      return finds === null ? [] : [{ analyzer, path, finds }];
    });
  }

  get #isTooLarge(): boolean {
    return this.#size > this.#maxBytes;
  }

  #decide(): void {
    this.#decided = true;
    const head = this.#content.file("").read(0, headBytes);
    this.#wants = this.#wants.filter(({ analyzer }) => analyzer.accepts?.(head, this.#size) ?? true);
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
