import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeUnless } from "../support/describe-unless.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { makeCertificate, missingNotary, NotaryClient, NotaryServer } from "./notary.ts";
import { host, startTrustServer, type TrustServer } from "./trust-server.ts";

const gun = `${host}/clients/image`;

/** What people do, in this order; `FILE` and `CERT` stand for files of the client's, `DELEGATE` for a second person. */
const script: readonly (readonly string[])[] = [
  ["list", gun],
  ["init", gun],
  ["status", gun],
  ["publish", gun],
  ["add", gun, "1.0", "FILE"],
  ["status", gun],
  ["publish", gun],
  ["list", gun],
  ["lookup", gun, "1.0"],
  ["lookup", gun, "2.0"],
  ["verify", gun, "1.0", "-i", "FILE"],
  ["add", gun, "2.0", "FILE", "-p"],
  ["remove", gun, "1.0", "-p"],
  ["list", gun],
  ["delegation", "list", gun],
  ["delegation", "add", gun, "targets/releases", "CERT", "--all-paths", "-p"],
  ["delegation", "add", gun, "targets/qa", "CERT", "--paths", "test", "-p"],
  ["delegation", "list", gun],
  ["add", gun, "3.0", "FILE", "-r", "targets/releases", "-p"],
  ["add", gun, "test-3.1", "FILE", "-r", "targets/releases", "-r", "targets/qa", "-p"],
  ["list", gun],
  ["list", gun, "-r", "targets/releases"],
  ["witness", gun, "targets/releases", "-p"],
  ["remove", gun, "3.0", "-r", "targets/releases", "-p"],
  ["delegation", "remove", gun, "targets/qa", "-y", "-p"],
  ["list", gun],
  ["key", "rotate", gun, "snapshot", "-r"],
  ["add", gun, "4.0", "FILE", "-p"],
  ["key", "rotate", gun, "timestamp", "-r"],
  ["key", "rotate", gun, "targets"],
  ["key", "rotate", gun, "snapshot"],
  ["key", "rotate", gun, "root"],
  ["add", gun, "5.0", "FILE", "-p"],
  ["list", gun],
  ["delete", gun, "--remote"],
  ["list", gun],
  ["init", gun, "-p"],
  ["list", gun],
];

/** What one who has no keys does, beside the other. */
const strangers: readonly (readonly string[])[] = [
  ["list", gun],
  ["add", gun, "evil", "FILE", "-p"],
  ["add", gun, "evil", "FILE", "-r", "targets/releases", "-p"],
  ["key", "rotate", gun, "snapshot", "-r"],
];

/** The `notary` command line, against the original server and against ours: what it prints must be the same. */
describeUnless(missingNotary, "the notary client", () => {
  let directory: TemporaryDirectory;
  let original: NotaryServer;
  let own: TrustServer;
  let certificate: string;

  beforeAll(async () => {
    directory = await temporaryDirectory("clients");
    const files = await makeCertificate(directory.path);
    certificate = files.certificate;
    original = await NotaryServer.start(files);
    own = await startTrustServer(files);
  });

  afterAll(async () => {
    await own[Symbol.asyncDispose]();
    await original[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
  });

  /** Every command of the script with what came of it, without what differs from run to run. */
  async function perform(url: string): Promise<readonly string[]> {
    await using owner = await NotaryClient.create(url, certificate);
    await using stranger = await NotaryClient.create(url, certificate);
    const results: string[] = [];
    const file = await owner.file("content", "hello");
    const certificateFile = await owner.delegationKey("delegate");
    const run = async (client: NotaryClient, command: readonly string[]) => {
      const words = command.map((word) =>
        word === "FILE" ? file : word === "CERT" ? certificateFile : word,
      );
      const { code, output } = await client.run(...words);
      results.push(`notary ${command.join(" ")}: ${code}\n${normalise(output, url, owner, stranger)}`);
    };
    for (const command of script) {
      await run(owner, command);
      if (command.includes("5.0")) for (const attempt of strangers) await run(stranger, attempt);
    }
    return results;
  }

  test("prints the same, command by command", async () => {
    const theirs = await perform(original.url);
    const ours = await perform(own.url);
    for (const [index, result] of ours.entries()) expect(result).toBe(theirs[index] ?? "nothing");
    expect(ours).toHaveLength(script.length + strangers.length);
    // It went well where it should, with the one server as with the other.
    const failed = ours.filter((result) => !/: 0\n/.test(result)).map((result) => result.split("\n")[0]);
    expect(failed).toEqual([
      `notary list ${gun}: 1`,
      `notary lookup ${gun} 2.0: 1`,
      `notary add ${gun} evil FILE -p: 1`,
      `notary add ${gun} evil FILE -r targets/releases -p: 1`,
      `notary key rotate ${gun} snapshot -r: 1`,
      `notary list ${gun}: 1`,
    ]);
  });
});

function normalise(output: string, url: string, ...clients: readonly NotaryClient[]): string {
  const { host: address } = new URL(url);
  let text = output.replaceAll(address, "SERVER");
  for (const { directory } of clients) text = text.replaceAll(directory, "HOME");
  return text
    .replace(/\b[0-9a-f]{64}\b/g, "<hash>")
    .replace(/time="[^"]*"/g, 'time="…"')
    .replace(/"\S* key of type \S*/g, "<key>")
    .trim();
}
