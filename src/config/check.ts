import type { Config } from "./config.ts";
import { databaseProblems, databaseWarnings } from "./database.ts";
import { scanProblems, scanWarnings } from "./feeds.ts";
import { pemFileProblems } from "./pem-file.ts";
import type { Problem } from "./settings.ts";
import { storageProblems, storageWarnings } from "./storage.ts";

/** What is wrong between values that are right by themselves, or with the files that they name. */
export async function findProblems(config: Config): Promise<Problem[]> {
  return [
    ...samePorts(config),
    ...(await certificateFiles(config)),
    ...(await databaseProblems(config.database)),
    ...(await storageProblems(config.storage)),
    ...(await scanProblems(config.scan)),
  ];
}

function samePorts({ http, https, metric, notary }: Config): Problem[] {
  const ports = [
    ["https.port", https?.port],
    ["http.port", http?.port],
    ["notary.port", notary.port],
    ["metric.port", metric.enabled ? metric.port : undefined],
  ] as const;
  const taken = new Map<number, string>();
  const problems: Problem[] = [];
  for (const [key, port] of ports) {
    if (port === undefined) continue;
    const other = taken.get(port);
    if (other === undefined) taken.set(port, key);
    else problems.push({ key, expected: `another port than that of ${other}`, found: String(port) });
  }
  return problems;
}

async function certificateFiles({ https }: Config): Promise<Problem[]> {
  if (https === null) return [];
  const files = [
    ["https.certificate", https.certificate, "https.private_key"],
    ["https.private_key", https.privateKey, "https.certificate"],
  ] as const;
  const problems = files.map(async ([key, file, other]): Promise<Problem[]> => {
    if (file === null) {
      const alone = https.certificate !== null || https.privateKey !== null;
      return alone ? [{ key, expected: `a file, because ${other} has one`, found: "nothing" }] : [];
    }
    return pemFileProblems(key, file);
  });
  return (await Promise.all(problems)).flat();
}

/** What works, but is hardly meant or hardly safe. */
export function findWarnings(config: Config): string[] {
  const warnings = [
    ...databaseWarnings(config.database),
    ...storageWarnings(config.storage),
    ...copiesWarnings(config),
    ...scanWarnings(config.scan),
  ];
  // Behind a proxy that speaks HTTPS to the clients this is the proxy's business.
  const encrypted = config.trustedProxies.length > 0 && config.externalUrl.startsWith("https:");
  if (config.https === null && !encrypted) {
    warnings.push(
      "Plain HTTP only: passwords and images cross the network unprotected, and Docker needs the registry in its insecure-registries. Add an https section; without a certificate in it, Breakwater makes one.",
    );
  }
  if (config.adminPassword === "Harbor12345") {
    warnings.push(
      "harbor_admin_password is the one from Harbor's template, which everybody knows. Change it after the first login.",
    );
  }
  if (config.hostname === "reg.mydomain.com") {
    warnings.push(
      "hostname is still the example from Harbor's template. Set it to the name that clients use.",
    );
  }
  return warnings;
}

/** Whoever has nothing left on the machine's own disk means to run several copies, by and by. */
function copiesWarnings({ database, storage, https }: Config): string[] {
  if (database.engine === "sqlite" || storage.driver === "filesystem") return [];
  if (https === null || https.certificate !== null) return [];
  return [
    "Each copy makes a certificate authority of its own in its data volume, and clients that trust one trust no other. To run several, give all of them the same https.certificate and https.private_key, or let the load balancer speak HTTPS.",
  ];
}
