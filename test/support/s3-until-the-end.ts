import { atTheEnd } from "./at-the-end.ts";
import { type S3Server, startS3 } from "./s3.ts";

/** An S3 server that nobody has to stop: it ends with the run of all tests. */
export async function startS3UntilTheEnd(): Promise<S3Server> {
  const server = await startS3();
  atTheEnd(async () => server[Symbol.asyncDispose]());
  return server;
}
