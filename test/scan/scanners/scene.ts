import type { Scanners, ScannerWorker } from "../../../src/scan/index.ts";
import { Pusher } from "../../api/content.ts";
import { type ApiFixture, openApi } from "../../api/fixture.ts";
import { caller } from "../../projects/fixture.ts";
import type { OpenDatabase } from "../../support/engines.ts";
import { eventually } from "../../support/eventually.ts";
import { AdapterServer } from "./adapter-server.ts";

/** A project whose scanner is an adapter, and an image in it. */
export class Scene implements AsyncDisposable {
  readonly repository = `team/${crypto.randomUUID().slice(0, 8)}`;
  readonly errors: unknown[] = [];
  readonly fixture: ApiFixture;
  readonly adapter: AdapterServer;
  readonly push: Pusher;
  readonly scanner: string;
  readonly projectId: number;
  readonly #workers: ScannerWorker[] = [];

  private constructor(fixture: ApiFixture, adapter: AdapterServer, scanner: string, projectId: number) {
    this.fixture = fixture;
    this.adapter = adapter;
    this.push = new Pusher(fixture.registry);
    this.scanner = scanner;
    this.projectId = projectId;
  }

  static async open(open: OpenDatabase): Promise<Scene> {
    const fixture = await openApi(open);
    const adapter = new AdapterServer();
    await fixture.admin.post("/projects", { project_name: "team" });
    const { registrations } = fixture.scanners;
    const scanner = await registrations.create(caller, settingsOf("Model", adapter));
    const project = await fixture.rooms.projects.get({ name: "team" });
    await registrations.setOfProject(caller, project, scanner);
    return new Scene(fixture, adapter, scanner, project.id);
  }

  get scanners(): Scanners {
    return this.fixture.scanners;
  }

  /** Registers another scanner, and has the project use it. */
  async choose(name: string, adapter: AdapterServer): Promise<string> {
    const { registrations } = this.scanners;
    const scanner = await registrations.create(caller, settingsOf(name, adapter));
    await registrations.setOfProject(caller, { id: this.projectId, name: "team" }, scanner);
    return scanner;
  }

  work(): ScannerWorker {
    const worker = this.scanners.worker((error) => this.errors.push(error));
    this.#workers.push(worker);
    worker.start();
    return worker;
  }

  async image(...tags: string[]) {
    const digest = await this.push.newImage(this.repository, tags);
    return this.fixture.registry.artifacts.find(this.repository, digest);
  }

  async scan(digest: string, kind: "vulnerability" | "sbom" = "vulnerability") {
    const artifact = await this.fixture.registry.artifacts.find(this.repository, digest);
    await this.scanners.scans.start(caller, artifact, kind);
  }

  async summary(id: number) {
    return (await this.scanners.reports.summaries(this.projectId, [id])).get(id);
  }

  ended(id: number) {
    const open = new Set(["none", "pending", "running"]);
    return eventually(
      () => this.summary(id),
      (summary) => summary !== undefined && !open.has(summary.state),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.adapter[Symbol.asyncDispose]();
    await this.fixture[Symbol.asyncDispose]();
  }
}

function settingsOf(name: string, { url }: { url: string }) {
  return {
    name,
    description: "",
    url,
    auth: "APIKey",
    credential: "key",
    skipCertVerify: false,
    useInternalAddress: false,
    disabled: false,
  };
}
