import type { Access } from "../../../src/scan/feeds/feed.ts";
import type { Question } from "../../../src/scan/feeds/sources/question.ts";

/** A web server on the loopback that answers as a test says. */
export interface WebServer extends AsyncDisposable {
  readonly url: string;
  /** What came, as it was then: the runtime takes headers back with the answer. */
  readonly requests: Pick<Request, "url" | "headers">[];
}

export function startWebServer(
  answer: (request: Request) => Response | Promise<Response>,
  tls?: { readonly cert: string; readonly key: string },
): WebServer {
  const requests: Pick<Request, "url" | "headers">[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "localhost",
    idleTimeout: 30,
    ...(tls === undefined ? {} : { tls }),
    fetch(request) {
      requests.push({ url: request.url, headers: new Headers(request.headers) });
      return answer(request);
    },
  });
  return {
    url: `${tls === undefined ? "http" : "https"}://localhost:${server.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

export const openAccess: Access = { caBundle: null, proxy: () => false, login: { kind: "none" } };

/** A question with the patience of a test. */
export function questionTo(source: string, folder: string, changes: Partial<Question> = {}): Question {
  const signal = AbortSignal.timeout(20_000);
  return { source, folder, access: openAccess, revision: null, patience: 5_000, signal, ...changes };
}
