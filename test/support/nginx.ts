import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "./child.ts";
import { isInstalled, missingCommands } from "./command.ts";
import { freePort } from "./ports.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

export interface Nginx extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** What it had to complain about. */
  errors(): Promise<string>;
}

export function missingNginx(): string | undefined {
  return missingCommands("nginx");
}

/** Debian's nginx on loopback, in front of servers that speak plain HTTP; as docs/scaling.md sets it up. */
export async function startNginx(upstreams: readonly number[]): Promise<Nginx> {
  await using started = new AsyncDisposableStack();
  const home = started.use(await temporaryDirectory("nginx"));
  const port = await freePort();
  const file = join(home.path, "nginx.conf");
  const errorLog = join(home.path, "error.log");
  await writeFile(file, configuration(home.path, errorLog, port, upstreams));
  const program = isInstalled("nginx") ? (Bun.which("nginx") ?? "/usr/sbin/nginx") : "nginx";
  const child = new Child(program, ["-p", home.path, "-c", file, "-e", errorLog], {
    logFile: join(home.path, "log"),
  });
  started.defer(async () => void (await child.stop()));
  const url = `http://127.0.0.1:${port}`;
  while (child.running && (await fetch(url).catch(() => null)) === null) await Bun.sleep(20);
  if (!child.running) throw new Error(`nginx did not start:\n${await readFile(errorLog, "utf8")}`);
  const owned = started.move();
  return {
    url,
    port,
    errors: () => readFile(errorLog, "utf8"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function configuration(home: string, errorLog: string, port: number, upstreams: readonly number[]): string {
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${home}/${name};`)
    .join("\n");
  const servers = upstreams
    .map((upstream) => `    server 127.0.0.1:${upstream} max_fails=1 fail_timeout=1s;`)
    .join("\n");
  return `daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${home}/pid;
error_log ${errorLog} error;
events { worker_connections 1024; }
http {
  access_log off;
${folders}
  upstream breakwater {
${servers}
    keepalive 32;
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    location / {
      proxy_pass http://breakwater;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      proxy_connect_timeout 2s;
      proxy_read_timeout 900s;
      proxy_send_timeout 900s;
    }
  }
}
`;
}
