import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** A negative id means the whole process group. */
function send(signal: NodeJS.Signals, id: number): void {
  try {
    process.kill(id, signal);
  } catch {
    // ESRCH: it ended by itself in the meantime.
  }
}

export interface ChildOptions {
  readonly logFile: string;
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
}

/**
 * A long-running program in a process group of its own, so that its workers end with it. What a test leaves running,
 * since it crashed itself, the runner ends (`--no-orphans`).
 */
export class Child {
  readonly pid: number;
  readonly #exited: Promise<number | null>;
  #running = true;

  constructor(command: string, args: readonly string[], options: ChildOptions) {
    // Appending keeps the lines of both streams whole and in order, across restarts too.
    const log = openSync(options.logFile, "a");
    let child: ChildProcess;
    try {
      child = spawn(command, args, {
        detached: true,
        stdio: ["ignore", log, log],
        env: options.env,
        cwd: options.cwd,
      });
    } finally {
      closeSync(log);
    }
    if (child.pid === undefined) throw new Error(`could not start ${command}`);
    this.pid = child.pid;
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code) => {
        this.#running = false;
        resolve(code);
      });
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** The exit code; null when a signal ended it. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** Asks the program to end; its whole group is ended by force when it has not after `patience`. */
  async stop(patience = 30_000): Promise<number | null> {
    if (!this.#running) return this.#exited;
    send("SIGTERM", this.pid);
    const impatience = setTimeout(() => send("SIGKILL", -this.pid), patience);
    const code = await this.#exited;
    clearTimeout(impatience);
    return code;
  }

  /** The whole group at once, as at a power cut. */
  async kill(): Promise<void> {
    if (this.#running) send("SIGKILL", -this.pid);
    await this.#exited;
  }
}
