import { existsSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made = new Set<string>();

/** For an interrupted bench. At once, so that nobody writes in between. */
export function removeWorkdirs(): void {
  for (const path of made) rmSync(path, { recursive: true, force: true });
}

/** A temporary folder that goes away with the one who made it. */
export class Workdir implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
    made.add(path);
  }

  static async make(parent = tmpdir()): Promise<Workdir> {
    return new Workdir(await mkdtemp(join(parent, "breakwater-bench-")));
  }

  /**
   * A folder in memory where the machine has one. A large data set is seeded there through the
   * registry's own interface, as fsync costs nothing, and then copied to the disk to be measured.
   */
  static async inMemory(): Promise<Workdir> {
    return Workdir.make(existsSync("/dev/shm") ? "/dev/shm" : tmpdir());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    made.delete(this.path);
  }
}
