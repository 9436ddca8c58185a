import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { describeUnless } from "../support/describe-unless.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { Author } from "./author.ts";
import { answerOf, Side, type Step } from "./comparison.ts";
import { makeCertificate, missingNotary, NotaryServer } from "./notary.ts";
import { expiry, feeds, firstRoots, keys, life, malformed, reads, snapshots, targets } from "./requests.ts";
import { host, startTrustServer, type TrustServer } from "./trust-server.ts";

/** Requests, good and bad, to the original server and to ours: the answers must be the same. */
describeUnless(missingNotary, "requests answered as Notary answers them", () => {
  let directory: TemporaryDirectory;
  let original: NotaryServer;
  let own: TrustServer;
  let sides: { readonly theirs: Side; readonly ours: Side };

  beforeAll(async () => {
    directory = await temporaryDirectory("comparison");
    const certificate = await makeCertificate(directory.path);
    original = await NotaryServer.start(certificate);
    own = await startTrustServer(certificate);
    sides = {
      theirs: new Side(original.url, certificate.certificate),
      ours: new Side(own.url, certificate.certificate),
    };
  });

  afterAll(async () => {
    await own[Symbol.asyncDispose]();
    await original[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
  });

  function compare(name: string, steps: readonly Step[]): void {
    describe(name, () => {
      let author: Author;
      beforeAll(async () => {
        author = await Author.create(`${host}/comparison/${name.replace(/\W+/g, "-")}`);
      });
      for (const [index, step] of steps.entries()) {
        test(`${index + 1}. ${step.name}`, async () => {
          const theirs = await answerOf(await step.send(sides.theirs, author));
          const ours = await answerOf(await step.send(sides.ours, author));
          expect(ours).toEqual(theirs);
        });
      }
    });
  }

  compare("of nothing", [...reads, ...feeds]);
  compare("server keys", keys);
  compare("malformed", malformed);
  compare("roots", firstRoots);
  compare("snapshots", snapshots);
  compare("targets", targets);
  compare("life", life);
  compare("expiry", expiry);
});
