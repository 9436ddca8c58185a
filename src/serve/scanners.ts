import type { Logger } from "../http/index.ts";
import type { Services } from "./services.ts";

/** This process's share of what is asked of scanners, and of what others ask of ours. */
export function startScanners({ scanners, orders }: Services, log: Logger): { stop(): Promise<void> } {
  const worker = scanners.worker((error, run) =>
    log.error({ err: error, run: run?.id, manifest: run?.manifestId }, "A scan failed on this server."),
  );
  const orderWorker = orders.worker((error, order) =>
    log.error({ err: error, order }, "A scan for another registry failed on this server."),
  );
  worker.start();
  orderWorker.start();
  return {
    async stop() {
      await Promise.all([worker.stop(), orderWorker.stop()]);
    },
  };
}
