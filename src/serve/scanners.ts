import type { Config } from "../config/index.ts";
import type { Logger } from "../http/index.ts";
import type { ScannerWorker } from "../scan/index.ts";
import type { Services } from "./services.ts";

/** Where scanners pull from: the name that clients use, and this server's own listener. */
export function registryUrls({ externalUrl, hostname, http, https }: Config) {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const internal = https === null ? `http://${host}:${http?.port ?? 80}` : `https://${host}:${https.port}`;
  return { external: externalUrl, internal };
}

/** This process's share of what is asked of scanners; it has to be stopped. */
export function startScanners({ scanners }: Services, log: Logger): ScannerWorker {
  const worker = scanners.worker((error, run) =>
    log.error({ err: error, run: run?.id, manifest: run?.manifestId }, "A scan failed on this server."),
  );
  worker.start();
  return worker;
}
