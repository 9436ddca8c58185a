import { Database } from "bun:sqlite";
import { join } from "node:path";
import { startBreakwater } from "../support/breakwater.ts";
import { mustRun } from "../support/command.ts";
import { uniqueName } from "../support/harbor.ts";
import { apkLines, linesOf } from "../support/package-managers.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startDockerEngine } from "./docker-engine.ts";
import { type ScannedImage, scannedImage } from "./scanned-image.ts";

export type Scene = Awaited<ReturnType<typeof startScene>>;

/** A registry that scans what is pushed, as it does by default, and a Docker Engine that is logged in to it. */
export async function startScene() {
  const hostname = "registry.test";
  await using started = new AsyncDisposableStack();
  const server = started.use(await startBreakwater({ hostname }));
  const trust = { [server.host]: server.caFile };
  const engine = started.use(await startDockerEngine({ hostname, trust }));
  await engine.login(server.host, server.admin);

  async function load(archive: string): Promise<void> {
    await engine.docker("load", "--input", archive);
  }

  /** Takes a folder as an image of one layer. */
  async function importFolder(folder: string, ...tarOptions: readonly string[]): Promise<string> {
    await using directory = await temporaryDirectory("import");
    const archive = join(directory.path, "image.tar");
    await mustRun(["tar", "-C", folder, ...tarOptions, "-cf", archive, "."]);
    const name = uniqueName("imported");
    await engine.docker("import", archive, name);
    return name;
  }

  /** Builds an image by a Dockerfile of these lines, in a folder where it finds what it copies. */
  async function build(dockerfile: readonly string[], folder?: string): Promise<string> {
    await using directory = await temporaryDirectory("build");
    const file = join(directory.path, "Dockerfile");
    await Bun.write(file, dockerfile.join("\n"));
    const name = uniqueName("built");
    const options = ["--network=none", "--tag", name, "--file", file];
    await engine.docker("build", ...options, folder ?? directory.path);
    return name;
  }

  /** What a program of the image itself prints. */
  function runIn(image: string, ...command: readonly string[]): Promise<string> {
    return engine.docker("run", "--rm", "--network=none", image, ...command);
  }

  /** What apk has written down in an image, read by awk. */
  async function installedByApk(image: string): Promise<readonly string[]> {
    return linesOf(await runIn(image, "awk", "-F:", apkLines, "/lib/apk/db/installed"));
  }

  /** Pushes an image to a repository of its own, and answers what is known of it when it has been scanned. */
  async function push(image: string): Promise<ScannedImage> {
    const repository = uniqueName("scanned");
    const name = `${server.host}/library/${repository}:1`;
    await engine.docker("tag", image, name);
    await engine.docker("push", name);
    return scannedImage(server, repository, "1");
  }

  /** When each layer was read, by its digest. */
  function layersRead(): Map<string, number> {
    using database = new Database(join(server.dataDir, "database/breakwater.sqlite"), { readonly: true });
    const query = "select digest, read_at from layer_inventory join blob on blob.id = blob_id";
    const rows = database.query<{ digest: string; read_at: number }, []>(query).all();
    return new Map(rows.map(({ digest, read_at }) => [digest, read_at]));
  }

  const owned = started.move();
  return {
    ...{ load, importFolder, build, runIn, installedByApk, push, layersRead },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
