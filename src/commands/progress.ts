/** How often the line is written. */
const every = 200;

/** A line on the terminal that says how far it is; nothing where the standard error is not a terminal. */
export interface ProgressLine extends Disposable {
  show(text: string): void;
  /** Makes room for other output. */
  clear(): void;
}

export function progressLine(): ProgressLine {
  const { stderr } = process;
  let shown = false;
  let next = 0;
  const clear = () => {
    if (shown) stderr.write("\r\x1b[K");
    shown = false;
  };
  return {
    show(text) {
      if (!stderr.isTTY || Date.now() < next) return;
      next = Date.now() + every;
      stderr.write(`\r\x1b[K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
      shown = true;
    },
    clear,
    [Symbol.dispose]: clear,
  };
}
