import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** Groups that still run; whatever way the test process ends, they do not outlive it. */
const living = new Set<number>();
process.on("exit", () => {
  for (const group of living) signalGroup(group, "SIGKILL");
});

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: it ended by itself in the meantime.
  }
}

export interface ChildOptions {
  readonly logFile: string;
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
}

/** A long-running program in a process group of its own, so that its workers end with it. */
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
    const pid = child.pid;
    this.pid = pid;
    living.add(pid);
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code) => {
        this.#running = false;
        living.delete(pid);
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
    if (this.#running) process.kill(this.pid, "SIGTERM");
    const impatience = setTimeout(() => signalGroup(this.pid, "SIGKILL"), patience);
    const code = await this.#exited;
    clearTimeout(impatience);
    return code;
  }

  /** The whole group at once, as at a power cut. */
  async kill(): Promise<void> {
    if (this.#running) signalGroup(this.pid, "SIGKILL");
    await this.#exited;
  }
}
