import { second } from "../../kernel/index.ts";
import { AdapterError } from "./adapter/adapter-error.ts";
import { pause } from "./pause.ts";

/** How often in a row nothing may come from an adapter that is to begin something: it may be about to start again. */
export const few = 3;
/** And from one that has begun, and whose work would be lost. */
export const many = 12;

const between = 5 * second;

export interface Waiting {
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Asks an adapter up to `times` times, where nothing came from it. `silent`: so it was. Throws AdapterError. */
export async function patiently<T>(
  ask: () => Promise<T>,
  times: number,
  { note, signal }: Waiting,
): Promise<{ readonly answer: T; readonly silent: boolean }> {
  for (let time = 1; ; time++) {
    try {
      return { answer: await ask(), silent: time > 1 };
    } catch (error) {
      if (!(error instanceof AdapterError && error.passing) || time >= times) throw error;
      note(error.message);
      await pause(between, signal);
    }
  }
}
