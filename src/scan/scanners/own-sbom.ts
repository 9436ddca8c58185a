import { type Clock, second, version } from "../../kernel/index.ts";
import type { Accessories } from "./accessories.ts";
import { keepSbom } from "./keep-sbom.ts";
import { sbomMediaType } from "./media-types.ts";
import type { OwnScanner } from "./own-scanner.ts";
import { pause } from "./pause.ts";
import { builtIn } from "./registration.ts";
import type { FinishedReport } from "./runs.ts";
import type { ScanSubject } from "./subject.ts";

export interface OwnScanOptions {
  readonly own: Pick<OwnScanner, "sbom" | "summaries">;
  readonly accessories: Accessories;
  readonly clock: Clock;
}

/** Stores an SBOM of what the built-in scanner has seen in the image. Throws PRECONDITION while it has seen nothing. */
export async function sbomOfOwn(
  { own, accessories, clock }: OwnScanOptions,
  request: {
    readonly subject: ScanSubject;
    readonly previousAccessory: string | null;
    readonly signal: AbortSignal;
    readonly note: (line: string) => void;
  },
): Promise<FinishedReport> {
  const started_at = clock();
  await untilScanned(own, request.subject.manifestId, request.signal);
  const sbom = await own.sbom(request.subject, clock());
  const accessory = await keepSbom(accessories, { ...request, sbom, author: builtIn.name, at: clock() });
  const report = {
    media_type: sbomMediaType,
    content: new Uint8Array(),
    adapter: JSON.stringify({ name: builtIn.name, vendor: builtIn.name, version }),
    data_as_of: null,
    started_at,
    reported_at: clock(),
    coverage: null,
    accessory,
  };
  return { report, findings: [] };
}

/** An image that was just pushed is looked into first. */
async function untilScanned(
  own: Pick<OwnScanner, "summaries">,
  manifestId: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const summary = (await own.summaries([manifestId])).get(manifestId);
    if (summary?.state !== "pending" && summary?.state !== "running") return;
    await pause(second, signal);
  }
}
