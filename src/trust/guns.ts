import { isRefusal, parseRepositoryName, type RepositoryName } from "../kernel/index.ts";

/**
 * Docker's names for trust data: a GUN is the repository behind the host, with its port, that an image's name
 * begins with. Only names behind the hosts that this server answers to are taken, since nobody has rights in others.
 */
export class GunNames {
  readonly #hosts: readonly string[];

  /** `hosts` as clients write them, `registry.example.com:8443`; the first is the one that is shown. */
  constructor(hosts: readonly string[]) {
    this.#hosts = hosts;
  }

  /** The repository that a GUN is about; null when it is none of ours. */
  repositoryOf(gun: string): RepositoryName | null {
    const host = this.#hosts.find((known) => gun.startsWith(`${known}/`));
    if (host === undefined) return null;
    try {
      return parseRepositoryName(gun.slice(host.length + 1));
    } catch (error) {
      if (isRefusal(error, "NAME_INVALID")) return null;
      throw error;
    }
  }

  /** The GUNs under which a repository's trust data may lie; of a project, what the GUNs of its repositories lie below. */
  gunsOf(repository: string): readonly string[] {
    return this.#hosts.map((host) => `${host}/${repository}`);
  }
}
