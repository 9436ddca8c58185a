import type { Config } from "../config/index.ts";
import type { Logger } from "../http/index.ts";
import { Proxies, type ProxyChoice } from "../kernel/index.ts";
import type { Services } from "./services.ts";

/** Where scanners pull from: the name that clients use, and this server's own listener. */
export function registryUrls({ externalUrl, hostname, http, https }: Config) {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const internal = https === null ? `http://${host}:${http?.port ?? 80}` : `https://${host}:${https.port}`;
  return { external: externalUrl, internal };
}

/** Harbor's core is what asks scanners and registries there. */
export function scannerProxies({ proxy }: Config): (url: URL) => ProxyChoice {
  if (!proxy.components.includes("core")) return () => undefined;
  const proxies = new Proxies(proxy);
  return (url) => proxies.of(url);
}

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
