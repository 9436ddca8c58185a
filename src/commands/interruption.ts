/** Aborted by Ctrl+C or SIGTERM, so that work under way is put away; a second one ends the process at once. */
export function interruption(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (abort.signal.aborted) process.exit(1);
      abort.abort(new Error("It was interrupted; nothing was replaced."));
    });
  }
  return abort.signal;
}
