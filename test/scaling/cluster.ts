import type { PostgresqlOptions } from "../../src/db/index.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { type FaultyProxy, startFaultyProxy } from "../support/faulty-proxy.ts";
import { missingNginx, type Nginx, startNginx } from "../support/nginx.ts";
import { missingPostgresql, PostgresqlServer } from "../support/postgresql.ts";
import { s3Missing, startS3 } from "../support/s3.ts";
import type { Section } from "../support/server-config.ts";

/** Several copies, each on a disk of its own, behind a balancer; what they share can be made to fail. */
export interface Cluster extends AsyncDisposable {
  readonly copies: readonly Breakwater[];
  readonly balancer: Nginx;
  readonly database: PostgresqlServer;
  /** The copies' database on it. */
  readonly options: PostgresqlOptions;
  /** Between the copies and S3. */
  readonly storage: FaultyProxy;
}

export function missingForCluster(): string | undefined {
  return missingPostgresql() ?? s3Missing ?? missingNginx();
}

export async function startCluster(size: number, config: Section = {}): Promise<Cluster> {
  await using started = new AsyncDisposableStack();
  const database = started.use(await PostgresqlServer.create());
  const bucket = started.use(await startS3());
  const storage = started.use(await startFaultyProxy(bucket.host));
  const { s3 } = bucket.service() as { readonly s3: Section };
  const service = () => ({ s3: { ...s3, regionendpoint: storage.endpoint } });
  const options = await database.createDatabase();
  const breakwater = {
    ...(config.breakwater as Section | undefined),
    // What copies share by their configuration: nothing is shared by a disk.
    secret_key: "of the cluster",
    trusted_proxies: "127.0.0.1",
  };
  const copies = await Promise.all(
    Array.from({ length: size }, () =>
      startBreakwater({
        http: true,
        database: options,
        storage: { ...bucket, service },
        config: { ...config, breakwater },
      }),
    ),
  );
  for (const copy of copies) started.use(copy);
  const balancer = started.use(await startNginx(copies.map(({ port }) => port)));
  const owned = started.move();
  return { copies, balancer, database, options, storage, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
