import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { type StartOptions, startBreakwater } from "../support/breakwater.ts";
import { run } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { goTool } from "../support/go-tool.ts";
import { addMember, createProject, createUser } from "../support/harbor.ts";
import { missingPostgresql } from "../support/postgresql.ts";
import { s3Missing } from "../support/s3.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const VERSION = "v0.0.0-20260730175803-fee21197eb94";
const program = await goTool({
  module: "github.com/opencontainers/distribution-spec/conformance",
  version: VERSION,
});

/**
 * Everything the program offers, whatever the specification's version leaves off. Sparse manifests stay off: they
 * refer to content that was never pushed, which the specification lets a registry refuse, and Breakwater does.
 */
const EVERYTHING = {
  OCI_API_BLOBS_UPLOAD_CANCEL: "true",
  OCI_API_BLOBS_DIGEST_HEADER: "true",
  OCI_API_MANIFESTS_DIGEST_HEADER: "true",
  OCI_API_MANIFESTS_TAG_PARAM: "true",
  OCI_DATA_SPARSE: "false",
};

const RUNS = [
  { version: "1.1", workers: 1 },
  { version: "dev", workers: 1 },
  // What one process has acknowledged, the next request finds in another.
  { version: "dev", workers: 2 },
];

const missingServers = missingPostgresql() ?? s3Missing;

interface Results {
  readonly apis: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

describeUnless(program.missing, `OCI conformance program ${VERSION}`, () => {
  for (const { version, workers } of RUNS) {
    test(`finds no failure, with OCI_VERSION=${version}, --workers ${workers}`, async () => {
      await conforms(version, { workers });
    });
  }
  test.skipIf(missingServers !== undefined)(
    `finds no failure on PostgreSQL and S3${missingServers ? ` [${missingServers}]` : ""}`,
    async () => {
      await conforms("1.1", { workers: 1, database: "postgresql", storage: "s3" });
    },
  );
});

async function conforms(version: string, options: StartOptions): Promise<void> {
  await using server = await startBreakwater(options);
  await using directory = await temporaryDirectory("conformance");
  const user = await createUser(server);
  const project = await createProject(server);
  await addMember(server, project, user, "maintainer");

  const { code, output } = await run([program.path], {
    cwd: directory.path,
    env: {
      PATH: process.env.PATH,
      ...EVERYTHING,
      OCI_VERSION: version,
      OCI_REGISTRY: server.host,
      OCI_TLS: "enabled",
      SSL_CERT_FILE: server.caFile,
      OCI_REPO1: `${project}/repo1`,
      OCI_REPO2: `${project}/deeper/repo2`,
      OCI_USERNAME: user.username,
      OCI_PASSWORD: user.password,
      OCI_RESULTS_DIR: directory.path,
    },
  });

  const xml = await readFile(join(directory.path, "junit.xml"), "utf8");
  const results = parse(await readFile(join(directory.path, "results.yaml"), "utf8")) as Results;
  const count = (status: string) => xml.split(`status="${status}"`).length - 1;
  const [passed, failed] = [count("passed"), count("failure") + count("error")];
  console.log(
    `OCI ${version}, ${JSON.stringify(options)}: ${passed} passed, ${failed} failed, ${count("skipped")} skipped`,
  );
  const notPassed = Object.entries({ ...results.apis, ...results.data })
    .filter(([, status]) => status !== "Pass")
    .map(([name, status]) => `${name}: ${status}`);
  expect(notPassed, `${output}\n${failures(xml)}`).toEqual(["Sparse Manifests: Disabled"]);
  expect(failed).toBe(0);
  expect(passed).toBeGreaterThan(500);
  expect(code).toBe(0);
}

/** What the program says of each single failure, which its summary leaves out. */
function failures(xml: string): string {
  const cases = xml.matchAll(
    /<testcase name="([^"]*)"[^>]*status="(?:failure|error)"[^>]*>(.*?)<\/testcase>/gs,
  );
  return [...cases]
    .map(([, name, body]) => `${name}\n    ${/<system-out>(.*?)<\/system-out>/s.exec(body ?? "")?.[1] ?? ""}`)
    .join("\n");
}
