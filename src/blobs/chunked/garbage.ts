const MiB = 1024 * 1024;

/*
 * Each piece of a body that passes through is an array of its own, of up to 512 KiB, and garbage when it has passed.
 * The engine finds the young ones by itself, at the next look or the one after. Those that a look happened upon while
 * they were on their way it takes for old, and looks for these only when its heap has doubled, for which they count
 * little: after 3 GiB pulled, 130 MiB of them lay about. So we have it look: some 20 ms for each 24 MiB of bodies, while
 * it otherwise takes some 60 ms to pass them on.
 */
const every = 24 * MiB;
/** A body that was at least so long does not leave its garbage to the next. */
const atLeast = 16 * MiB;

let passed = 0;

/** Says that so many bytes passed through, and are no longer needed. */
export function notePassed(bytes: number): void {
  passed += bytes;
  if (passed >= every) collect();
}

/** Says that a body is at its end. */
export function noteEnd(): void {
  if (passed >= atLeast) collect();
}

function collect(): void {
  passed = 0;
  // At once: what is put off gives the memory back to the engine, not to the system.
  Bun.gc(true);
}
