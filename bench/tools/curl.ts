import { output } from "./process.ts";

export interface Transfer {
  readonly url: string;
  readonly ca: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * HTTP/1.1 unless told otherwise: Docker's engine, Podman and Skopeo speak it to every registry. `any`
   * leaves it to the two ends, of which curl takes HTTP/2 where it is offered.
   */
  readonly protocol?: "any";
}

function command({ ca, headers = {}, protocol }: Transfer): string[] {
  const version = protocol === "any" ? [] : ["--http1.1"];
  const lines = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  return ["curl", ...version, ...["-sS", "--fail-with-body", "-o", "/dev/null"], "--cacert", ca, ...lines];
}

/** Fetches and forgets; returns the seconds that it took, after checking that every byte came. */
export async function download(transfer: Transfer, size: number): Promise<number> {
  const text = await output([...command(transfer), "-w", "%{time_total} %{size_download}", transfer.url]);
  const [time, received] = text.split(" ").map(Number);
  if (time === undefined || received !== size) {
    throw new Error(`${transfer.url}: ${received} of ${size} bytes`);
  }
  return time;
}

/** Streams a file as the body of a PATCH, chunked as Docker's engine does; returns the next Location. */
export async function patchFile(transfer: Transfer, file: string): Promise<string> {
  return output([
    ...command(transfer),
    ...["-X", "PATCH", "-H", "Expect:", "-H", "Content-Type: application/octet-stream"],
    ...["-H", "Transfer-Encoding: chunked", "-T", file, "-w", "%header{location}", transfer.url],
  ]);
}
