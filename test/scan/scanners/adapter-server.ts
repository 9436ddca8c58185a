/** How an adapter under test answers; what is left out is as it should be. */
export interface Behaviour {
  metadata?: (request: Request) => Response | Promise<Response>;
  scan?: (request: Request, body: ScanBody) => Response | Promise<Response>;
  report?: (request: Request, id: string) => Response | Promise<Response>;
}

/** What adapters read of a scan request. */
export interface ScanBody {
  readonly registry: { readonly url: string; readonly authorization: string };
  readonly artifact: { readonly repository: string; readonly digest: string; readonly mime_type: string };
  readonly enabled_capabilities?: readonly {
    readonly type: string;
    readonly produces_mime_types?: readonly string[];
    readonly parameters?: { readonly sbom_media_types?: readonly string[] };
  }[];
}

export const types = {
  metadata: "application/vnd.scanner.adapter.metadata+json; version=1.0",
  request: "application/vnd.scanner.adapter.scan.request+json; version=1.0",
  response: "application/vnd.scanner.adapter.scan.response+json; version=1.0",
  native: "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0",
  generic: "application/vnd.security.vulnerability.report; version=1.1",
  sbom: "application/vnd.security.sbom.report+json; version=1.0",
  error: "application/vnd.scanner.adapter.error; version=1.0",
  spdx: "application/spdx+json",
  cyclonedx: "application/vnd.cyclonedx+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  docker: "application/vnd.docker.distribution.manifest.v2+json",
};

/**
 * An adapter that obeys the rules of those that there are: it takes the media types of version 1.0 and one Accept,
 * demands to be told what to make (of an SBOM also its form, in the order and in the query of its report), parts the
 * robot's name and secret at every colon, answers the 302 of a pending report with its own address, knows a report only by
 * what it was ordered as, leaves the list out of the report of a clean image, and forgets a report that was fetched.
 */
export class AdapterServer implements AsyncDisposable {
  readonly behaviour: Behaviour;
  readonly bodies: ScanBody[] = [];
  readonly headers: Headers[] = [];
  /** How often a report is pending before it is there. */
  pending = 0;
  vulnerabilities: unknown = [
    { id: "CVE-2024-1", package: "openssl", version: "1.0", fix_version: "1.1", severity: "High", links: [] },
  ];
  properties: Record<string, string> = {};
  readonly #server: Bun.Server<undefined>;
  readonly #open = new Map<string, { kind: string; looks: number; left: boolean }>();

  constructor(behaviour: Behaviour = {}) {
    this.behaviour = behaviour;
    this.#server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => this.#answer(request) });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  async #answer(request: Request): Promise<Response> {
    this.headers.push(request.headers);
    const { pathname } = new URL(request.url);
    const report = /^\/api\/v1\/scan\/([^/]+)\/report$/.exec(pathname)?.[1];
    if (pathname === "/api/v1/metadata")
      return (this.behaviour.metadata ?? (() => this.metadata(request)))(request);
    if (pathname === "/api/v1/scan") {
      const body = (await request.json()) as ScanBody;
      return (this.behaviour.scan ?? (() => this.scan(request, body)))(request, body);
    }
    if (report === undefined) return new Response(null, { status: 404 });
    return (this.behaviour.report ?? (() => this.report(request, report)))(request, report);
  }

  metadata(request: Request): Response {
    if (request.headers.get("accept") !== types.metadata) return problem(400, "unsupported Accept");
    const consumes_mime_types = [types.manifest, types.docker];
    return Response.json({
      scanner: { name: "Model", vendor: "Tests", version: "1.2.3" },
      capabilities: [
        { type: "vulnerability", consumes_mime_types, produces_mime_types: [types.native, types.generic] },
        {
          type: "sbom",
          consumes_mime_types,
          produces_mime_types: [types.sbom],
          additional_attributes: { sbom_media_types: [types.spdx, types.cyclonedx] },
        },
      ],
      properties: this.properties,
    });
  }

  scan(request: Request, body: ScanBody): Response {
    const { headers } = request;
    if (headers.get("content-type") !== types.request) return problem(400, "unsupported Content-Type");
    if (headers.get("accept") !== types.response) return problem(400, "unsupported Accept");
    const [capability, ...more] = body.enabled_capabilities ?? [];
    if (capability === undefined || more.length > 0 || !capability.produces_mime_types?.length) {
      return problem(400, "exactly one capability with produces_mime_types is needed");
    }
    if (capability.type === "sbom") {
      const wanted = capability.parameters?.sbom_media_types ?? [];
      if (wanted.length === 0) return problem(422, "missing SBOM media type");
      const unknown = wanted.find((type) => type !== types.spdx && type !== types.cyclonedx);
      if (unknown !== undefined) return problem(422, `unsupported SBOM media type: "${unknown}"`);
    }
    const basic = /^Basic (.+)$/.exec(body.registry.authorization)?.[1] ?? "";
    const bearer = body.registry.authorization.startsWith("Bearer ");
    if (!bearer && Buffer.from(basic, "base64").toString().split(":").length !== 2) {
      return problem(400, "authorization must be name and secret");
    }
    this.bodies.push(body);
    const id = crypto.randomUUID();
    this.#open.set(id, { kind: capability.type, looks: 0, left: false });
    return new Response(JSON.stringify({ id }), { status: 202 });
  }

  /** What it was at when it was stopped is pending for good: its store outlives it, and nobody goes on with the work. */
  startAgain(): void {
    for (const scan of this.#open.values()) scan.left = true;
  }

  report(request: Request, id: string): Response {
    const accept = request.headers.get("accept") ?? "";
    if (![types.sbom, types.generic, types.native].includes(accept))
      return problem(415, "unsupported Accept");
    const url = new URL(request.url);
    const form = url.searchParams.get("sbom_media_type");
    if (accept === types.sbom && form === null) return problem(400, "missing SBOM media type");
    const scan = this.#open.get(id);
    if (scan === undefined || (scan.kind === "sbom") !== (accept === types.sbom)) {
      return problem(404, `cannot find scan job: ${id}`);
    }
    if (scan.left || scan.looks++ < this.pending) {
      const location = url.pathname + url.search;
      return new Response(null, { status: 302, headers: { location, "refresh-after": "1" } });
    }
    this.#open.delete(id);
    const generated_at = new Date().toISOString();
    const scanner = { name: "Model", vendor: "Tests", version: "1.2.3" };
    if (scan.kind === "sbom") {
      const sbom = { spdxVersion: "SPDX-2.3" };
      return new Response(JSON.stringify({ generated_at, scanner, media_type: form, sbom }));
    }
    const { vulnerabilities: found } = this;
    const vulnerabilities = Array.isArray(found) && found.length === 0 ? undefined : found;
    // Without a Content-Type: not every adapter writes one in time.
    return new Response(JSON.stringify({ generated_at, artifact: {}, scanner, vulnerabilities }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}

export function problem(status: number, message: string): Response {
  return Response.json({ error: { message } }, { status, headers: { "content-type": types.error } });
}
