import { join } from "node:path";
import type { Subprocess } from "bun";
import { ownProcess } from "../../../kernel/index.ts";
import { watchMemory } from "./memory.ts";
import { exitCodes, type Order, readerCommand, toArguments } from "./orders.ts";

/** All of the environment that the process gets. */
export const readerEnvironment = {
  // Should this process die, the other one dies with it.
  BUN_FEATURE_FLAG_NO_ORPHANS: "1",
  // Most layers are read before the compiler's last stage has paid off: without it they take a quarter less.
  BUN_JSC_useFTLJIT: "0",
};

export type LayerBytes = Blob | ReadableStream<Uint8Array>;

/** What a process that read a layer has left. `code` is one of `exitCodes`. */
export interface Outcome {
  readonly code: number;
  readonly output: Uint8Array;
}

/**
 * Reads a layer in a process of its own, which has nothing of this one's but the layer: no environment, no secrets.
 * However it ends, the outcome is an inventory or a sentence. Rejects when the layer's bytes cannot be had, and when
 * `signal` ends it.
 */
export async function runReader(layer: LayerBytes, order: Order, signal?: AbortSignal): Promise<Outcome> {
  signal?.throwIfAborted();
  const { limits } = order;
  await using child = new ReaderProcess(layer, order);
  const stop = () => child.stop("It was interrupted.");
  signal?.addEventListener("abort", stop);
  const timer = setTimeout(
    () => child.stop(`Reading the layer took longer than ${limits.milliseconds / 1000} seconds.`),
    limits.milliseconds,
  );
  using _ = watchMemory(child.pid, limits.memoryBytes, () =>
    child.stop(`Reading the layer took more than ${limits.memoryBytes} bytes of memory.`),
  );
  try {
    const outcome = await child.outcome(limits.outputBytes);
    signal?.throwIfAborted();
    return outcome;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

class ReaderProcess implements AsyncDisposable {
  readonly #process: Subprocess<"pipe" | Blob, "pipe", "ignore">;
  /** Resolves with what went wrong with the layer's bytes, if anything. */
  readonly #sent: Promise<unknown>;
  #stopped: string | null = null;

  constructor(layer: LayerBytes, order: Order) {
    // A file is read by the process itself; anything else goes through this one.
    const isFile = layer instanceof Blob;
    this.#process = Bun.spawn(readerArguments(order), {
      stdin: isFile ? layer : "pipe",
      stdout: "pipe",
      stderr: "ignore",
      env: readerEnvironment,
    });
    this.#sent = isFile ? Promise.resolve() : send(layer, this.#process);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Ends it, for the reason in `sentence`. The first one counts. */
  stop(sentence: string): void {
    this.#stopped ??= sentence;
    this.#process.kill("SIGKILL");
  }

  async outcome(outputBytes: number): Promise<Outcome> {
    const output = await this.#output(outputBytes);
    const code = await this.#process.exited;
    if (this.#stopped !== null) return failure(this.#stopped);
    // A layer that is not there in full is no fault of the layer.
    const trouble = await this.#sent;
    if (trouble !== undefined) throw trouble;
    if (Object.values<number>(exitCodes).includes(code)) return { code, output };
    const how = this.#process.signalCode ?? `exit code ${code}`;
    return failure(`The process that read the layer has crashed (${how}).`);
  }

  async #output(maxBytes: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of this.#process.stdout) {
      length += piece.length;
      if (length > maxBytes)
        this.stop(`The process that read the layer has written more than ${maxBytes} bytes.`);
      else pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }
}

/** The command line of the process that an order is for. */
export function readerArguments(order: Order): string[] {
  return ownProcess(join(import.meta.dir, "main.ts"), readerCommand, ...toArguments(order));
}

function failure(sentence: string): Outcome {
  return { code: exitCodes.trouble, output: Buffer.from(sentence) };
}

/**
 * Hands the bytes over as fast as they are taken, for as long as somebody takes them. Resolves with the source's
 * error, if it had one.
 */
async function send(
  layer: ReadableStream<Uint8Array>,
  { stdin, exited }: Subprocess<"pipe" | Blob, "pipe", "ignore">,
): Promise<unknown> {
  if (typeof stdin !== "object") return undefined;
  const reader = layer.getReader();
  // A source that has nothing to give at the moment would be waited for.
  exited.then(() => reader.cancel()).catch(() => {});
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || !(await taken(stdin, value))) return undefined;
    }
  } catch (error) {
    return error;
  } finally {
    reader.cancel().catch(() => {});
    Promise.resolve(stdin.end()).catch(() => {});
  }
}

/** False when the process has ended, or takes no more: it may know enough. */
async function taken(stdin: Bun.FileSink, bytes: Uint8Array): Promise<boolean> {
  try {
    // Where the pipe is full it answers with a promise, which rejects by itself when the process ends meanwhile.
    await stdin.write(bytes);
    await stdin.flush();
    return true;
  } catch {
    return false;
  }
}
