import type { Database } from "bun:sqlite";

/** Marks the file as ours in SQLite's own header: "BWVD". */
export const applicationId = 0x42575644;

/** Goes up whenever the tables, or what the readers of feeds make of the same feed, change. */
export const schemaVersion = 2;

/**
 * `affected` is what matching asks, by ecosystem and name; `advisory` what it needs of what it finds; `detail` the rest,
 * which reports need. The rows of a feed, and of an advisory, lie between a first and a last id, so that no index is
 * needed to find them.
 * What tells of CVEs and not of packages lies apart, by CVE.
 */
const tables = `
  create table manifest (body text not null);
  create table feed (
    id integer primary key, name text not null unique, body text not null,
    first_advisory integer not null, last_advisory integer not null,
    first_affected integer not null, last_affected integer not null
  );
  create table feed_group (
    feed integer not null, ecosystem integer not null, records integer not null, as_of integer,
    dropped integer not null, origin text not null, primary key (feed, ecosystem)
  ) without rowid;
  create table ecosystem (id integer primary key, name text not null unique);
  create table advisory (
    id integer primary key, feed integer not null, name text not null, aliases text, severity text,
    first_affected integer not null, last_affected integer not null
  );
  create table detail (advisory integer primary key, body text not null);
  create table affected (
    id integer primary key, ecosystem integer not null, name text not null, advisory integer not null,
    module text, status text not null, severity text, ranges text not null, versions text
  );
  create table exploited (cve text, feed integer, since integer not null, primary key (cve, feed)) without rowid;
  create table epss (
    cve text, feed integer, probability real not null, percentile real not null, primary key (cve, feed)
  ) without rowid;
  create table assessment (cve text, feed integer, body text not null, primary key (cve, feed)) without rowid;
`;

export function createTables(database: Database): void {
  database.run(`pragma application_id = ${applicationId}`);
  database.run(`pragma user_version = ${schemaVersion}`);
  database.run(tables);
}

/** Made when all rows are there, which is faster by far. */
export function createIndexes(database: Database): void {
  database.run("create index affected_name on affected (ecosystem, name)");
  database.run(`
    create table known_name (name text, advisory integer, primary key (name, advisory)) without rowid
  `);
  database.run(`
    insert or ignore into known_name
    select name, id from (
      select name, id from advisory
      union all
      select other.value, advisory.id from advisory, json_each(advisory.aliases) as other
    ) order by 1, 2
  `);
}

/** The tables whose rows have a feed and a CVE. */
export const enrichmentTables = ["exploited", "epss", "assessment"] as const;
