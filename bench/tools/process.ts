import { closeSync, openSync } from "node:fs";
import type { Subprocess } from "bun";

const running = new Set<Subprocess>();
let interrupted = false;

/** Ends whatever still runs and starts nothing more; for an interrupted bench, where no `using` gets its turn. */
export async function stopAll(): Promise<void> {
  interrupted = true;
  await Promise.all([...running].map(stop));
}

/** Asks, waits, and insists: nothing outlives the bench. */
async function stop(process: Subprocess): Promise<void> {
  process.kill("SIGTERM");
  const insist = setTimeout(() => process.kill("SIGKILL"), 20_000);
  await process.exited;
  clearTimeout(insist);
}

function launch<Out extends "pipe" | number>(
  command: string[],
  out: Out,
  cwd = ".",
): Subprocess<"ignore", Out, Out> {
  if (interrupted) throw new Error("interrupted");
  const process = Bun.spawn(command, { cwd, stdin: "ignore", stdout: out, stderr: out });
  running.add(process);
  process.exited.finally(() => running.delete(process));
  return process;
}

export interface ServerOptions {
  readonly name: string;
  readonly command: string[];
  /** Where its output goes. A file, as a pipe that the bench must drain would cost the bench's core. */
  readonly log: string;
  readonly cwd?: string;
  readonly ready: () => Promise<boolean>;
}

/** A server that the bench started, and that it stops by its process id. */
export class Server implements AsyncDisposable {
  /** From the start of the process to its first good answer. */
  readonly readyAfter: number;
  readonly #process: Subprocess;

  private constructor(process: Subprocess, readyAfter: number) {
    this.#process = process;
    this.readyAfter = readyAfter;
  }

  static async start(options: ServerOptions): Promise<Server> {
    const log = openSync(options.log, "a");
    const started = performance.now();
    const process = launch(options.command, log, options.cwd);
    closeSync(log);
    try {
      await untilReady(process, options);
    } catch (error) {
      await stop(process);
      throw error;
    }
    return new Server(process, performance.now() - started);
  }

  get pid(): number {
    return this.#process.pid;
  }

  stop(): Promise<void> {
    return stop(this.#process);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

async function untilReady(process: Subprocess, options: ServerOptions): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await options.ready().catch(() => false))) {
    if (process.exitCode !== null || performance.now() > deadline) {
      const log = await Bun.file(options.log).text();
      throw new Error(`${options.name} did not become ready\n${log.slice(-2000)}`);
    }
    await Bun.sleep(5);
  }
}

/** Runs a program to its end and returns what it printed. */
export async function output(command: string[], options: { anyExit?: boolean } = {}): Promise<string> {
  const process = launch(command, "pipe");
  const [text, complaint, code] = await Promise.all([
    process.stdout.text(),
    process.stderr.text(),
    process.exited,
  ]);
  if (code !== 0 && !options.anyExit) {
    throw new Error(`${command[0]} ended with ${code}: ${complaint.trim() || text.trim()}`);
  }
  return text;
}
