import { InvalidArgumentError } from "commander";

const units = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/** `1.4 GiB`, for people. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** `1 blob`, `2 blobs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Checks a duration on the command line; what it means, the configuration's reader knows. */
export function durationArgument(text: string): string {
  if (/^(?:\d{1,9}(?:ms|[smhdw]))+$/.test(text)) return text;
  throw new InvalidArgumentError("It is a duration such as 30m, 2h or 7d.");
}
