const MiB = 1024 * 1024;

/*
 * Each piece of a body that passes through is an array of its own, of up to 512 KiB, and garbage when it has passed.
 * The engine finds the young ones by itself, at the next look or the one after. Those that a look happened upon while
 * they were on their way it takes for old, and looks for these only when its heap has doubled, for which they count
 * little: after 3 GiB pulled, 130 MiB of them lay about. So we have it look, which takes some 20 ms, whenever the
 * process has grown by as much as that is worth.
 */
const growth = 48 * MiB;
/** Bytes between two glances at how large the process is, a few microseconds each. */
const every = 4 * MiB;

let passed = 0;
/** Bytes that were resident after the last look. */
let left = Number.POSITIVE_INFINITY;

/** Says that so many bytes of a body passed through, and are no longer needed. */
export function notePassed(bytes: number): void {
  passed += bytes;
  if (passed < every) return;
  passed = 0;
  const resident = process.memoryUsage.rss();
  left = Math.min(left, resident);
  if (resident - left < growth) return;
  // At once: what is put off gives the memory back to the engine, not to the system.
  Bun.gc(true);
  left = process.memoryUsage.rss();
}
