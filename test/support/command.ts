export interface CommandOptions {
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Milliseconds until the program is ended by force; less than a test's own, so that it can still say what hung. */
  readonly timeout?: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, for searching messages that move from one to the other between versions. */
  readonly output: string;
}

/** Runs a program to its end, whatever that is. */
export async function run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { timeout = 120_000 } = options;
  const child = Bun.spawn([...command], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? process.env,
    stdin: new Blob([options.stdin ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
    timeout,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const forced = child.signalCode === "SIGKILL" ? `\n(ended by force, after at most ${timeout} ms)` : "";
  return { code, stdout, stderr, output: stdout + stderr + forced };
}

/** Runs a program that must succeed, and hands back what it printed on stdout. */
export async function mustRun(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await run(command, options);
  if (result.code !== 0) {
    throw new Error(`${command.join(" ")}: exit code ${result.code}\n${result.output}`);
  }
  return result.stdout;
}

/** Administrators' programs count too, though people who are not root have not their folders on the path. */
const SEARCH_PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

export function isInstalled(program: string): boolean {
  return Bun.which(program, { PATH: SEARCH_PATH }) !== null;
}

/** Why the named programs cannot be used here, or undefined when all of them are there. */
export function missingCommands(...names: readonly string[]): string | undefined {
  const missing = names.filter((name) => !isInstalled(name));
  return missing.length === 0 ? undefined : `${missing.join(", ")} not installed`;
}

/** Why programs that only root can run cannot be used here. */
export function missingForRoot(...names: readonly string[]): string | undefined {
  return process.getuid?.() === 0 ? missingCommands(...names) : `${names[0]} needs root here`;
}
