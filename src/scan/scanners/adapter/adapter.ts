import { z } from "zod";
import { second } from "../../../kernel/index.ts";
import { type ScanKind, sbomMediaType, scannerTypes } from "../media-types.ts";
import type { AdapterAccess } from "../registration.ts";
import { AdapterError } from "./adapter-error.ts";
import { type AdapterMetadata, adapterMetadata } from "./metadata.ts";
import { type AdapterAnswer, type AdapterRequest, send } from "./transport.ts";

/** What an adapter is told of the image, and of how to get it. */
export interface ScanRequest {
  readonly registry: { readonly url: string; readonly authorization: string };
  readonly artifact: {
    readonly repository: string;
    readonly digest: string;
    readonly tag: string;
    readonly mime_type: string;
    readonly size: number;
  };
  readonly kind: ScanKind;
  readonly reportType: string;
}

/** `gone`: the adapter does not know the scan, because it failed or was forgotten: it can be submitted again. */
export type ReportAnswer =
  | { readonly state: "ready"; readonly content: Uint8Array }
  /** `after` in milliseconds. */
  | { readonly state: "pending"; readonly after: number }
  | { readonly state: "gone" };

const megabyte = 2 ** 20;
const limits = {
  metadata: megabyte / 4,
  response: megabyte / 16,
  report: 32 * megabyte,
  failure: megabyte,
} as const;
/** Characters of what an adapter says of a failure. Trivy's sends all that Trivy has written, of which the end tells why. */
const quoted = { first: 150, last: 350 } as const;
/** What a proxy answers while the adapter behind it starts again. */
const passingStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/** Bounds of what an adapter may ask us to wait before we look again, and what is waited when it says nothing. */
const refresh = { least: second, most: 60 * second, usual: 5 * second } as const;

const scanResponse = z.object({ id: z.string().min(1).max(512) });
const errorResponse = z.object({ error: z.object({ message: z.string() }) });

/** An adapter of the pluggable scanner API, as those that there are behave. Throws AdapterError. */
export class Adapter {
  readonly #access: AdapterAccess;

  constructor(access: AdapterAccess) {
    this.#access = access;
  }

  async metadata(signal?: AbortSignal): Promise<AdapterMetadata> {
    const answer = await this.#send(
      { method: "GET", limit: limits.metadata, signal },
      "/metadata",
      scannerTypes.metadata,
    );
    if (answer.status !== 200) throw this.#unexpected(answer);
    return this.#parse(adapterMetadata, answer, "metadata");
  }

  /** Answers the adapter's id of the scan. */
  async submit({ registry, artifact, kind, reportType }: ScanRequest, signal?: AbortSignal): Promise<string> {
    const capability = {
      type: kind,
      produces_mime_types: [reportType],
      ...(kind === "sbom" ? { parameters: { sbom_media_types: [sbomMediaType] } } : {}),
    };
    const insecure = registry.url.startsWith("http:");
    const body = JSON.stringify({
      registry: { ...registry, insecure },
      artifact,
      enabled_capabilities: [capability],
    });
    const answer = await this.#send(
      { method: "POST", limit: limits.response, body, signal },
      "/scan",
      scannerTypes.scanResponse,
    );
    if (answer.status !== 202 && answer.status !== 201 && answer.status !== 200)
      throw this.#unexpected(answer);
    return this.#parse(scanResponse, answer, "answer to a scan").id;
  }

  async report(id: string, kind: ScanKind, reportType: string, signal?: AbortSignal): Promise<ReportAnswer> {
    const query = kind === "sbom" ? `?sbom_media_type=${encodeURIComponent(sbomMediaType)}` : "";
    const path = `/scan/${encodeURIComponent(id)}/report${query}`;
    const answer = await this.#send({ method: "GET", limit: limits.report, signal }, path, reportType);
    if (answer.status === 200) return { state: "ready", content: answer.body };
    if (answer.status === 302) return { state: "pending", after: refreshAfter(answer.headers) };
    if (answer.status === 404) return { state: "gone" };
    throw this.#unexpected(answer);
  }

  /** One Accept, and no more: adapters choose by it, and some compare the whole header. */
  #send(
    request: Pick<AdapterRequest, "method" | "limit"> & { body?: string; signal: AbortSignal | undefined },
    path: string,
    accept: string,
  ): Promise<AdapterAnswer> {
    const { name, url, skipCertVerify, proxy } = this.#access;
    const whole = `${url}/api/v1${path}`;
    const { signal, ...rest } = request;
    return send({
      ...rest,
      ...(signal === undefined ? {} : { signal }),
      scanner: name,
      url: whole,
      skipCertVerify,
      proxy: proxy(new URL(whole)),
      headers: {
        Accept: accept,
        ...(request.body === undefined ? {} : { "Content-Type": scannerTypes.scanRequest }),
        ...authorization(this.#access),
      },
    });
  }

  #parse<T>(schema: z.ZodType<T>, { body }: AdapterAnswer, what: string): T {
    const whose = `The ${what} of the scanner "${this.#access.name}"`;
    let json: unknown;
    try {
      json = JSON.parse(new TextDecoder().decode(body));
    } catch (cause) {
      throw new AdapterError(`${whose} is not JSON.`, { cause });
    }
    const result = schema.safeParse(json);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new AdapterError(`${whose} is not valid: ${issue?.path.join(".")} ${issue?.message}.`);
  }

  /** Says what the adapter said, where it did. */
  #unexpected({ status, body }: AdapterAnswer): AdapterError {
    const who = `The scanner "${this.#access.name}"`;
    if (status >= 300 && status < 400) {
      return new AdapterError(`${who} answered with a redirect (${status}), which is not followed.`);
    }
    const text = new TextDecoder().decode(body.subarray(0, limits.failure));
    const message = errorResponse.safeParse(tryJson(text)).data?.error.message ?? "";
    const whole = message.replace(/[\p{Cc}\s]+/gu, " ").trim();
    const { first, last } = quoted;
    const tooLong = whole.length > first + last;
    const said = tooLong ? `${whole.slice(0, first)} … ${whole.slice(-last)}` : whole;
    return new AdapterError(
      `${who} answered with ${status}${said === "" ? "" : `: ${said.replace(/\.$/, "")}`}.`,
      { passing: passingStatuses.has(status), answer: tooLong ? message : "" },
    );
  }
}

function authorization({ auth, credential }: AdapterAccess): Record<string, string> {
  if (auth === "" || credential === null) return {};
  if (auth === "APIKey") return { "X-ScannerAdapter-API-Key": credential };
  const value = auth === "Basic" ? Buffer.from(credential).toString("base64") : credential;
  return { Authorization: `${auth} ${value}` };
}

/** `Refresh-After` of the OpenAPI document and Harbor, `Retry-After` of the README; adapters send neither as a rule. */
function refreshAfter(headers: Headers): number {
  const seconds = Number.parseInt(headers.get("refresh-after") ?? headers.get("retry-after") ?? "", 10);
  if (Number.isNaN(seconds)) return refresh.usual;
  return Math.min(refresh.most, Math.max(refresh.least, seconds * second));
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
