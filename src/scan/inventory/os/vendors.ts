/**
 * Where vendors write from who have repositories of debs of their own, and none of whose people maintains a package of
 * Debian's by that address; where some do, the address of those who make the debs.
 */
const vendors = [
  ...["chromium.org", "chrome-linux-team@google.com", "nodesource.com", "docker.com", "containerd.io"],
  ...["hashicorp.com", "microsoft.com", "nginx.com", "f5.com", "elastic.co", "mongodb.com", "grafana.com"],
  ...["mysql.com", "oracle.com", "mariadb.org", "mariadb.com", "percona.com", "redis.com", "redis.io"],
  ...["gitlab.com", "jenkins.io", "kubernetes.io", "cloudflare.com", "tailscale.com", "datadoghq.com"],
  ...["newrelic.com", "influxdata.com", "influxdb.com", "confluent.io", "clickhouse.com", "splunk.com"],
  ...["azul.com", "temurin-dev@eclipse.org", "corretto-team@amazon.com", "cudatools@nvidia.com"],
];

/** In the versions of debs that others build: NodeSource, PostgreSQL, Ondřej Surý, MariaDB, Raspberry Pi, Launchpad's PPAs. */
const marks =
  /nodesource|[.+~]pgdg|deb\.sury\.org|\+0~\d{8}\.\d+\+(?:debian|ubuntu)|\+maria~|\+rpt\d|[.+~-]ppa\d/;

/** Whether an address of a maintainer is one of a vendor's that is no distribution. */
export function isVendors(address: string): boolean {
  return vendors.some((one) =>
    one.includes("@") ? address === one : address.endsWith(`@${one}`) || address.endsWith(`.${one}`),
  );
}

/** Whether a deb's version bears the mark of somebody who is no distribution. */
export function bearsVendorsMark(version: string): boolean {
  return marks.test(version);
}
