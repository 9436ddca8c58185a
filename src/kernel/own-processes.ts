/**
 * The command line of a process that does one thing for this one: `module` is its program, so that it starts without the
 * rest of Breakwater. Where all of it is one executable, `command` is what that does instead.
 */
export function ownProcess(module: string, command: string, ...args: readonly string[]): string[] {
  // Behind the two dashes are names of files, which may begin with one.
  const program = Bun.isStandaloneExecutable ? [command, "--"] : [module];
  return [process.execPath, ...program, ...args];
}

/** The command line that starts what this process is once more. */
export function ownCommandLine(): string[] {
  // Between the two an executable of its own lists a file within itself.
  return [process.execPath, ...process.argv.slice(Bun.isStandaloneExecutable ? 2 : 1)];
}
