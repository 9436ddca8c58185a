import { describe } from "bun:test";

/** A group of tests; given a reason why they cannot run here, all are skipped under a name that says it. */
export function describeUnless(reason: string | undefined, name: string, body: () => void): void {
  if (reason === undefined) describe(name, body);
  else describe.skip(`${name} [${reason}]`, body);
}
