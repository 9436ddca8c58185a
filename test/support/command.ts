export interface CommandOptions {
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Milliseconds until the program is ended by force; generous, since only a hang should reach it. */
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
  const child = Bun.spawn([...command], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? process.env,
    stdin: new Blob([options.stdin ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
    timeout: options.timeout ?? 300_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr, output: stdout + stderr };
}

/** Runs a program that must succeed, and hands back what it printed on stdout. */
export async function mustRun(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await run(command, options);
  if (result.code !== 0) {
    throw new Error(`${command.join(" ")}: exit code ${result.code}\n${result.output}`);
  }
  return result.stdout;
}

/** Why the named programs cannot be used here, or undefined when all of them are there. */
export function missingCommands(...names: readonly string[]): string | undefined {
  const missing = names.filter((name) => Bun.which(name) === null);
  return missing.length === 0 ? undefined : `${missing.join(", ")} not installed`;
}
