import { createHash, randomFillSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

const chunk = 8 * 2 ** 20;

/** A file of random bytes, as incompressible as a real layer. */
export class Layer {
  readonly path: string;
  readonly size: number;

  private constructor(path: string, size: number) {
    this.path = path;
    this.size = size;
  }

  static async make(path: string, size: number): Promise<Layer> {
    await using file = await open(path, "w");
    const buffer = Buffer.alloc(chunk);
    for (let written = 0; written < size; written += chunk) await file.write(randomFillSync(buffer));
    return new Layer(path, size);
  }

  /** Makes it another layer, so that a push cannot be answered with "already there"; returns the digest. */
  async change(): Promise<string> {
    await using file = await open(this.path, "r+");
    await file.write(randomFillSync(Buffer.alloc(4096)), 0, 4096, 0);
    return this.digest();
  }

  async digest(): Promise<string> {
    const hash = createHash("sha256");
    for await (const part of createReadStream(this.path, { highWaterMark: chunk })) hash.update(part);
    return `sha256:${hash.digest("hex")}`;
  }
}
