import { output } from "./process.ts";

/** While `work` runs, this process keeps to one of the machine's cores; what it starts meanwhile does so for good. */
export async function onCore<T>(core: number, work: () => Promise<T>): Promise<T> {
  const before = (await output(["taskset", "-p", "-c", String(process.pid)])).split(":").at(-1)?.trim() ?? "";
  await keepTo(String(core));
  try {
    return await work();
  } finally {
    await keepTo(before);
  }
}

async function keepTo(cores: string): Promise<void> {
  await output(["taskset", "-a", "-p", "-c", cores, String(process.pid)]);
}
