import { dirname } from "node:path";
import { loadConfig } from "../../src/config/index.ts";
import { type Digest, parseRepositoryName, systemCaller } from "../../src/kernel/index.ts";
import { openServices, type Services } from "../../src/serve/index.ts";
import type { Content, Image } from "./image.ts";

/** Variables of the configuration, such as those that name a database. */
type Environment = Readonly<Record<string, string>>;

/** The rooms of a server without its listeners, on a data directory that other processes may use too. */
export async function openRooms(dataDir: string, env: Environment = {}): Promise<Services> {
  const { config } = await loadConfig({ env: { BREAKWATER_DATA_VOLUME: dataDir, ...env }, cwd: dataDir });
  return openServices(config);
}

/** The rooms of the server that this file configures. */
export async function openRoomsBy(configFile: string): Promise<Services> {
  const { config } = await loadConfig({ file: configFile, env: {}, cwd: dirname(configFile) });
  return openServices(config);
}

/** As `openRooms`, with an administrator and the project `library`. */
export async function openInstallation(dataDir: string, env: Environment = {}): Promise<Services> {
  const services = await openRooms(dataDir, env);
  await services.access.users.ensureAdmin("Harbor12345");
  const admin = await services.access.users.find("admin");
  if (admin === null) throw new Error("there is no admin");
  await services.projects.projects.ensureLibrary(admin.id);
  return services;
}

export async function pushBlob(
  { registry }: Services,
  name: string,
  { bytes, digest }: Content,
): Promise<void> {
  const upload = await registry.uploads.begin(parseRepositoryName(name), "user:1");
  const body = (async function* () {
    yield bytes;
  })();
  await registry.uploads.finish(upload, body, null, digest as Digest);
}

export async function pushManifest(
  { registry }: Services,
  name: string,
  { bytes, mediaType }: Content,
  tags: readonly string[] = [],
): Promise<void> {
  const pushed = { content: bytes, contentType: mediaType, digest: null, tags };
  await registry.manifests.put(systemCaller, parseRepositoryName(name), pushed);
}

export async function pushImage(
  services: Services,
  name: string,
  image: Image,
  ...tags: string[]
): Promise<void> {
  for (const blob of [...image.layers, image.config]) await pushBlob(services, name, blob);
  await pushManifest(services, name, image.manifest, tags);
}
