import { second } from "../kernel/index.ts";
import type { ServerCertificate } from "./certificate.ts";

export interface CertificateWatchOptions {
  /** What is being served. */
  readonly current: ServerCertificate;
  /** Reads the operator's files, or makes sure of the own certificate: the one that should be served now. */
  readonly load: () => Promise<ServerCertificate>;
  /** Takes the new certificate into use. When it throws, the old one counts as served, and it is tried again. */
  readonly onChange: (next: ServerCertificate) => void | Promise<void>;
  /** Told once of each failure that lasts; the old certificate goes on being served. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds between looks; 10 seconds by default. */
  readonly interval?: number;
}

export interface CertificateWatch extends Disposable {
  /** Looks at once, for a SIGHUP. Does not reject. */
  check(): Promise<void>;
}

/**
 * Follows a certificate while the server runs. It compares contents every few seconds instead of waiting for
 * the file system's notices: those miss what Kubernetes does, who exchanges a symbolic link further up, and
 * what happens on network file systems.
 */
export function watchCertificate(options: CertificateWatchOptions): CertificateWatch {
  const { load, onChange, onFailure, interval = 10 * second } = options;
  let { current } = options;
  let lastFailure: string | undefined;
  let reported: string | undefined;
  let running: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      const next = await load();
      if (!isSame(next, current)) {
        await onChange(next);
        current = next;
      }
      lastFailure = reported = undefined;
    } catch (error) {
      const failure = String(error);
      // Certificate and key are two files: between the writing of both they do not match, which is no news.
      if (failure === lastFailure && failure !== reported) {
        reported = failure;
        onFailure(error);
      }
      lastFailure = failure;
    }
  }

  function check(): Promise<void> {
    running ??= look().finally(() => {
      running = undefined;
    });
    return running;
  }

  const timer = setInterval(check, interval);
  timer.unref();
  return { check, [Symbol.dispose]: () => clearInterval(timer) };
}

function isSame(a: ServerCertificate, b: ServerCertificate): boolean {
  return a.certificate === b.certificate && a.privateKey === b.privateKey;
}
