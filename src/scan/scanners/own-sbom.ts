import type { Clock } from "../../kernel/index.ts";
import { version } from "../../kernel/index.ts";
import type { Accessories } from "./accessories.ts";
import { keepSbom } from "./keep-sbom.ts";
import { sbomMediaType } from "./media-types.ts";
import type { OwnScanner } from "./own-scanner.ts";
import { builtIn } from "./registration.ts";
import type { FinishedReport } from "./runs.ts";
import type { ScanSubject } from "./subject.ts";

export interface OwnScanOptions {
  readonly own: Pick<OwnScanner, "sbom">;
  readonly accessories: Accessories;
  readonly clock: Clock;
}

/** Stores an SBOM of what the built-in scanner has seen in the image. Throws PRECONDITION while it has seen nothing. */
export async function sbomOfOwn(
  { own, accessories, clock }: OwnScanOptions,
  request: {
    readonly subject: ScanSubject;
    readonly previousAccessory: string | null;
    readonly note: (line: string) => void;
  },
): Promise<FinishedReport> {
  const started_at = clock();
  const sbom = await own.sbom(request.subject.manifestId);
  const accessory = await keepSbom(accessories, { ...request, sbom, author: builtIn.name, at: clock() });
  return {
    media_type: sbomMediaType,
    content: new Uint8Array(),
    adapter: JSON.stringify({ name: builtIn.name, vendor: builtIn.name, version }),
    data_as_of: null,
    started_at,
    reported_at: clock(),
    counts: "{}",
    fixable: 0,
    accessory,
  };
}
