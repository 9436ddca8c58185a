import { join } from "node:path";
import { PostgresqlServer } from "../../test/support/postgresql.ts";
import { sectionOf } from "../../test/support/postgresql-section.ts";
import { startS3 } from "../../test/support/s3.ts";
import type { Bench } from "../scenario.ts";
import { startBreakwater } from "./breakwater.ts";
import type { Peer } from "./peer.ts";

/** A PostgreSQL that syncs its disk, a bucket, and as many copies on them as are asked for. */
export interface OnServers extends AsyncDisposable {
  startCopy(): Promise<Peer>;
}

export async function startServers({ folder, certificate }: Bench): Promise<OnServers> {
  await using started = new AsyncDisposableStack();
  const database = started.use(await PostgresqlServer.create(true));
  const bucket = started.use(await startS3());
  const config = {
    ...sectionOf(await database.createDatabase()),
    storage_service: bucket.service(),
  };
  const owned = started.move();
  let copies = 0;
  return {
    async startCopy() {
      const home = join(folder, `copy-${++copies}`);
      return owned.use(await startBreakwater({ folder: home, certificate, scheme: "http", config }));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
