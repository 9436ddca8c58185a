import { expect, test } from "bun:test";
import { Registry } from "prom-client";
import { TufMetrics } from "../../src/http/tuf/metrics.ts";

test("a request that gives its length twice does not spoil the sum of all", async () => {
  const registry = new Registry();
  const metrics = new TufMetrics(registry);
  for (const length of ["0, 0", "7"]) {
    const request = new Request("http://x/", { method: "POST", headers: { "content-length": length } });
    metrics.count("UpdateTUF", request, 401, 1, 0.1);
  }
  expect(await registry.metrics()).toContain(
    'notary_server_http_request_size_bytes_sum{operation="UpdateTUF"} 7\n',
  );
});
