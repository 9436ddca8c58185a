import type { Values } from "./keys.ts";
import { type RedirectConfig, toRedirect } from "./redirect.ts";
import type { Problem } from "./settings.ts";
import { toCaBundle, toRootDirectory } from "./storage-values.ts";

/** Harbor's keys are the parameters of Docker Distribution's driver, and so mean what they mean there. */
export interface AzureConfig {
  readonly account: string;
  readonly accountKey: string;
  readonly container: string;
  /** URL of the account's blob service, without a slash at the end. */
  readonly endpoint: string;
  /** Without a slash at either end. */
  readonly rootDirectory: string;
  readonly caBundle: string | null;
  /** Bytes. */
  readonly chunkSize: number;
  readonly redirect: RedirectConfig | null;
}

/** Microsoft's public cloud; national and private ones have a domain of their own. */
const publicRealm = "core.windows.net";
/** Distribution has no key for it. A blob of 50,000 such chunks has 488 GiB. */
const chunkSize = 10 * 2 ** 20;

export function toAzure(values: Values, cwd: string): AzureConfig {
  const account = values["storage_service.azure.accountname"] ?? "";
  const realm = values["storage_service.azure.realm"] ?? publicRealm;
  return {
    account,
    accountKey: values["storage_service.azure.accountkey"] ?? "",
    container: values["storage_service.azure.container"] ?? "",
    endpoint: values["storage_service.azure.serviceurl"] ?? `https://${account}.blob.${realm}`,
    rootDirectory: toRootDirectory(values["storage_service.azure.rootdirectory"]),
    caBundle: toCaBundle(values, cwd),
    chunkSize,
    redirect: toRedirect(values),
  };
}

export function azureProblems({ account, accountKey, container }: AzureConfig): Problem[] {
  const needed = [
    { key: "storage_service.azure.accountname", value: account, expected: "a storage account's name" },
    { key: "storage_service.azure.accountkey", value: accountKey, expected: "the account's key" },
    { key: "storage_service.azure.container", value: container, expected: "a container's name" },
  ] as const;
  return needed
    .filter(({ value }) => value === "")
    .map(({ key, expected }) => ({ key, expected, found: "nothing" }));
}

/** By the file's own keys, as `describeStorage`. */
export function describeAzure(
  { account, container, endpoint, rootDirectory }: AzureConfig,
  mask: string,
): object {
  return {
    accountname: account,
    accountkey: mask,
    container,
    serviceurl: endpoint,
    rootdirectory: rootDirectory || null,
  };
}
