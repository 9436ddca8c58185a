import { type Clock, minute, second } from "../../kernel/index.ts";
import type { Adapter, ScanRequest } from "./adapter/adapter.ts";
import { AdapterError } from "./adapter/adapter-error.ts";
import { few, many, patiently, type Waiting } from "./patiently.ts";
import { pause } from "./pause.ts";

/** Scanners of images are not done sooner. */
const firstLook = 2 * second;
/** How long a scan may be pending before it is submitted again. */
const overdue = 10 * minute;
/** How often a scan is submitted. */
const maxSubmissions = 3;

/**
 * Submits the scan and waits for its report. An adapter that was started again may call a scan pending for good that
 * nobody works at any more, as Trivy's does: so it is submitted again after the adapter was silent, and when it is overdue.
 * The one before may still end, and whichever is done first counts. Throws AdapterError.
 */
export async function obtainReport(
  adapter: Adapter,
  request: ScanRequest,
  { clock, ...waiting }: Waiting & { readonly clock: Clock },
): Promise<Uint8Array> {
  const { note, signal } = waiting;
  const { artifact, kind, reportType } = request;
  const open = new Set<string>();
  let [submissions, since, lost, wait] = [0, 0, true, 0];
  for (;;) {
    if (lost && submissions < maxSubmissions) {
      if (open.size > 0) note("The scanner was silent, or takes too long: the scan is submitted again.");
      const { answer: id } = await patiently(() => adapter.submit(request, signal), few, waiting);
      note(`Submitted ${artifact.repository}@${artifact.digest}; the scanner calls it ${id}.`);
      open.add(id);
      [submissions, since, wait] = [submissions + 1, clock(), firstLook];
    }
    if (open.size === 0) {
      throw new AdapterError(
        `The scanner forgot the scan ${maxSubmissions} times; its own log tells why it failed.`,
      );
    }
    await pause(wait, signal);
    lost = false;
    for (const id of open) {
      const look = () => adapter.report(id, kind, reportType, signal);
      const { answer, silent } = await patiently(look, many, waiting);
      if (answer.state === "ready") return answer.content;
      if (answer.state === "pending") wait = answer.after;
      else {
        open.delete(id);
        note(`The scanner does not know the scan ${id} any more.`);
      }
      lost ||= silent;
    }
    lost ||= open.size === 0 || clock() - since >= overdue;
  }
}
