import { BreakwaterError, type Digest } from "../../kernel/index.ts";
import type { Images } from "../images/images.ts";
import { toSpdx } from "../sbom/spdx.ts";
import type { OwnScanner } from "./own-scanner.ts";

/** The built-in scanner as one among others. `registry` is the host by which people know this server. */
export function ownScannerOf(images: Images, registry: string | null): OwnScanner {
  return {
    request: (manifestIds, sweep) => images.request(manifestIds, sweep),
    stop: (manifestIds) => images.stop(manifestIds),
    stopSweep: (sweep) => images.stopSweep(sweep),
    ofSweep: (sweep) => images.ofSweep(sweep),
    summaries: (manifestIds) => images.summaries(manifestIds),
    report: (manifestId) => images.report(manifestId),

    async sbom({ manifestId, repository, digest }, at) {
      const inventory = await images.inventory(manifestId);
      if (inventory === null) {
        throw new BreakwaterError(
          "PRECONDITION",
          "Nobody has looked into the image yet, or nobody could: an SBOM can be made when it has been scanned.",
        );
      }
      const document = toSpdx({ repository, digest: digest as Digest, registry, inventory, at });
      return new TextEncoder().encode(JSON.stringify(document));
    },
  };
}
