import { setPriority } from "node:os";
import { join } from "node:path";
import { BreakwaterError, ownProcess } from "../../../kernel/index.ts";
import type { BuildResult } from "../../vulndb/build.ts";
import { type Build, builderCommand } from "./order.ts";

/** What the other process says. */
export type FromBuilder =
  | { readonly kind: "progress"; readonly feed: string; readonly records: number }
  | { readonly kind: "built"; readonly built: BuildResult }
  | { readonly kind: "failed"; readonly reason: string };

/** Behind everything that somebody waits for. */
const niceness = 10;

/**
 * Compiles in a process of its own: it takes seconds and hundreds of megabytes, and reads what strangers wrote.
 * Throws UNAVAILABLE when that process ends without a database.
 */
export const buildInProcess: Build = async (order, progress, signal) => {
  const { promise, resolve, reject } = Promise.withResolvers<BuildResult>();
  const child = Bun.spawn(ownProcess(join(import.meta.dir, "main.ts"), builderCommand), {
    stdio: ["ignore", "ignore", "pipe"],
    serialization: "advanced",
    ipc(message: FromBuilder) {
      if (message.kind === "progress") progress(message.feed, message.records);
      else if (message.kind === "built") resolve(message.built);
      else reject(new BreakwaterError("UNAVAILABLE", message.reason));
    },
  });
  const stop = () => child.kill("SIGKILL");
  signal.addEventListener("abort", stop);
  try {
    setPriority(child.pid, niceness);
    child.send(order);
    const died = Promise.all([child.exited, child.stderr.text()]).then(([code, text]) => {
      signal.throwIfAborted();
      const last = text.trim().split("\n").at(-1) ?? "";
      throw new BreakwaterError(
        "UNAVAILABLE",
        `The process that compiles the vulnerability database ended (${child.signalCode ?? code}). ${last}`.trim(),
      );
    });
    return await Promise.race([promise, died]);
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
    await child.exited;
  }
};
