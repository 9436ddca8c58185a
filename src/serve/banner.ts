import type { Config } from "../config/index.ts";
import { version } from "../kernel/index.ts";
import { ensureAuthority } from "../pki/index.ts";
import { authorityDirectory } from "./listeners.ts";

/** Tells the person at the terminal what runs, and what to do next. */
export async function printBanner(config: Config, generatedPassword: string | null): Promise<void> {
  const { host } = new URL(config.externalUrl);
  const lines = [
    `Breakwater ${version} serves ${config.externalUrl}, with its data in ${config.dataVolume}`,
    "",
  ];
  if (generatedPassword !== null) {
    lines.push(
      "The administrator, made just now (this password is shown once):",
      "  user      admin",
      `  password  ${generatedPassword}`,
      "",
    );
  }
  if (config.https !== null && config.https.certificate === null) {
    const { file } = await ensureAuthority(authorityDirectory(config));
    lines.push(
      "Let Docker trust it, on each machine:",
      `  mkdir -p /etc/docker/certs.d/${host} && cp ${file} /etc/docker/certs.d/${host}/ca.crt`,
      `  (the certificate is also at ${config.externalUrl}/api/v2.0/systeminfo/getcert)`,
      "",
    );
  }
  lines.push(
    "Then:",
    `  docker login ${host}`,
    `  docker tag alpine:3.10 ${host}/library/alpine:3.10`,
    `  docker push ${host}/library/alpine:3.10`,
  );
  process.stdout.write(`${lines.join("\n")}\n`);
}
