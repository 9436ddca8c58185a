import { expect, test } from "bun:test";
import { join } from "node:path";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { missingCommands, mustRun } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { makeImage } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { type S3Server, s3Keys, s3Missing, startS3 } from "../support/s3.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const role = "registry";
const token = "a-token-of-the-machine";

/** What a virtual machine of Amazon's is told of itself: a token first, then the role, then its keys. */
function startInstanceMetadata() {
  const asked: string[] = [];
  const folder = "/latest/meta-data/iam/security-credentials/";
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${pathname}`);
      if (request.method === "PUT" && pathname === "/latest/api/token") return new Response(token);
      if (request.headers.get("x-aws-ec2-metadata-token") !== token) return new Response("", { status: 401 });
      if (pathname === folder) return new Response(role);
      if (pathname !== folder + role) return new Response("", { status: 404 });
      return Response.json({
        Code: "Success",
        Type: "AWS-HMAC",
        AccessKeyId: s3Keys.accessKeyId,
        SecretAccessKey: s3Keys.secretAccessKey,
        // The tests' S3 server knows no sessions.
        Token: "",
        LastUpdated: new Date().toISOString(),
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      });
    },
  });
  return { asked, url: server.url.origin, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** The section of harbor.yml without keys, or with what else is given. */
function withoutKeys(s3: S3Server, further: Record<string, string> = {}) {
  const { accesskey: _, secretkey: __, ...section } = s3.service().s3 as Record<string, string>;
  return { storage_service: { s3: { ...section, ...further } } };
}

async function pushAndPull(server: Breakwater): Promise<void> {
  const repository = await openRepository(server, "library/access");
  const image = await makeImage();
  await repository.pushImage(image, "1");
  for (const { bytes, digest } of image.layers) expect(await repository.pullBlob(digest)).toEqual(bytes);
}

describeUnless(s3Missing, "a registry on S3 without keys in its file", () => {
  test("takes those of the environment", async () => {
    await using s3 = await startS3();
    const env = { AWS_ACCESS_KEY_ID: s3Keys.accessKeyId, AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey };
    await using server = await startBreakwater({ config: withoutKeys(s3), env });
    await pushAndPull(server);
  });

  test("takes those of the shared file", async () => {
    await using s3 = await startS3();
    await using folder = await temporaryDirectory("credentials");
    const file = join(folder.path, "credentials");
    const { accessKeyId, secretAccessKey } = s3Keys;
    await Bun.write(
      file,
      `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    );
    const env = { AWS_SHARED_CREDENTIALS_FILE: file, AWS_EC2_METADATA_DISABLED: "true" };
    await using server = await startBreakwater({ config: withoutKeys(s3), env });
    await pushAndPull(server);
  });

  test("takes those of the machine's metadata", async () => {
    await using s3 = await startS3();
    await using metadata = startInstanceMetadata();
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url, AWS_SHARED_CREDENTIALS_FILE: "/dev/null" };
    await using server = await startBreakwater({ config: withoutKeys(s3), env });
    await pushAndPull(server);
    expect(metadata.asked[0]).toBe("PUT /latest/api/token");
  });
});

describeUnless(s3Missing ?? missingCommands("openssl"), "a registry on S3 over TLS", () => {
  test("takes the service's certificate by the authority that its file names, and no other", async () => {
    await using folder = await temporaryDirectory("tls");
    const [certificate, key] = [join(folder.path, "s3.crt"), join(folder.path, "s3.key")];
    await mustRun(
      [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
      ].concat(
        ["-days", "1", "-subj", "/CN=s3", "-addext", "subjectAltName=IP:127.0.0.1"],
        ["-keyout", key, "-out", certificate],
      ),
    );
    await using s3 = await startS3({ certificate, key });
    const config = s3.service({ ca_bundle: certificate });
    await using server = await startBreakwater({ config: { storage_service: config } });
    await pushAndPull(server);
    await expect(startBreakwater({ storage: s3 })).rejects.toThrow("certificate");
  });
});
