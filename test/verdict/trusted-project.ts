import { expect } from "bun:test";
import type { TrustPerson } from "../clients/trust-person.ts";
import type { TrustScene } from "../clients/trust-scene.ts";
import { ANY_MANIFEST, type Image, makeImage } from "../support/image.ts";
import { openRepository, RepositoryClient } from "../support/registry-client.ts";

interface Refusal {
  readonly errors: readonly [{ code: string; message: string; detail: readonly { kind: string }[] }];
}

/** The kinds of obstacles that an answer names; none where it is no refusal by the project's policy. */
export async function obstacles(response: Response): Promise<readonly string[]> {
  if (response.status !== 412) return [`status ${response.status}`];
  const { errors } = (await response.json()) as Refusal;
  expect(errors[0].code).toBe("PROJECTPOLICYVIOLATION");
  return errors[0].detail.map(({ kind }) => kind);
}

/** A project that requires content trust, and a repository of it in which `owner` signs. */
export class TrustedProject {
  readonly scene: TrustScene;
  readonly project: string;
  readonly owner: TrustPerson;
  readonly repository: RepositoryClient;

  constructor(scene: TrustScene, project: string, owner: TrustPerson, repository: RepositoryClient) {
    this.scene = scene;
    this.project = project;
    this.owner = owner;
    this.repository = repository;
  }

  static async open(scene: TrustScene, ...signers: readonly string[]): Promise<TrustedProject> {
    const project = await scene.project();
    const owner = await scene.person(project, "projectAdmin");
    await scene.initialise(owner, `${project}/app`);
    await scene.requireTrust(project, ...signers);
    return new TrustedProject(scene, project, owner, await openRepository(scene.server, `${project}/app`));
  }

  get name(): string {
    return this.repository.name;
  }

  async pushSigned(tag: string, image?: Image): Promise<Image> {
    const pushed = image ?? (await makeImage());
    await this.repository.pushImage(pushed, tag);
    await this.scene.sign(this.owner, this.name, tag, pushed.manifest);
    return pushed;
  }

  get(reference: string, headers: Record<string, string> = { accept: ANY_MANIFEST }): Promise<Response> {
    return this.repository.fetch(`/manifests/${reference}`, { headers });
  }

  /** The repository with a token that allows nothing but to pull. */
  async puller(): Promise<RepositoryClient> {
    const token = await this.scene.server.token([`repository:${this.name}:pull`]);
    return new RepositoryClient(this.scene.server, this.name, token);
  }
}
