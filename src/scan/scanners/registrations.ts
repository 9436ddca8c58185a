import type { Database, ListQuery, Page, Tx } from "../../db/index.ts";
import type { AuditLog } from "../../events/index.ts";
import { BreakwaterError, type Caller, type Clock } from "../../kernel/index.ts";
import { AdapterError } from "./adapter/adapter-error.ts";
import {
  type AdapterAccess,
  builtIn,
  checkSettings,
  type Registration,
  type RegistrationSettings,
} from "./registration.ts";
import { findScanner, listScanners, scannersOf } from "./registration-store.ts";
import type { SecretBox } from "./secret-box.ts";

/** Nobody has more; each that is listed is asked how it is. */
const maxScanners = 50;

/** Which scanners there are, and which of them each project uses. Every change is in the audit log. */
export class Registrations {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #box: SecretBox;
  readonly #proxy: AdapterAccess["proxy"];

  constructor(
    database: Database,
    audit: AuditLog,
    clock: Clock,
    box: SecretBox,
    proxy: AdapterAccess["proxy"],
  ) {
    this.#proxy = proxy;
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
    this.#box = box;
  }

  /** Fields: uuid, name, description, url, disabled, is_default, create_time, update_time. Throws BAD_REQUEST. */
  list(query: ListQuery): Promise<Page<Registration>> {
    return listScanners(this.#database.read, query);
  }

  /** Throws NOT_FOUND. */
  get(uuid: string): Promise<Registration> {
    return requireScanner(this.#database.read, uuid);
  }

  /** The scanner that a project uses. */
  async ofProject(projectId: number): Promise<Registration> {
    return (await this.ofProjects([projectId])).get(projectId) ?? builtIn;
  }

  ofProjects(projectIds: readonly number[]): Promise<ReadonlyMap<number, Registration>> {
    return scannersOf(this.#database.read, projectIds);
  }

  /** With the credential, for who speaks to the adapter. Throws AdapterError for one that cannot be decrypted. */
  async accessTo(registration: Registration): Promise<AdapterAccess> {
    const row = await this.#database.read
      .selectFrom("scanner_registration")
      .select("credential")
      .where("uuid", "=", registration.uuid)
      .executeTakeFirst();
    const sealed = row?.credential ?? null;
    return {
      name: registration.name,
      url: registration.url,
      auth: registration.auth,
      skipCertVerify: registration.skipCertVerify,
      credential: sealed === null ? null : this.#open(registration, sealed),
      proxy: this.#proxy,
    };
  }

  /** The same for one that is not registered yet. Throws BAD_REQUEST. */
  accessBy(settings: RegistrationSettings): AdapterAccess {
    const { name, url, auth, skipCertVerify, credential } = checkSettings(settings, false);
    return { name, url, auth, skipCertVerify, credential: credential || null, proxy: this.#proxy };
  }

  /** Answers the uuid. Throws BAD_REQUEST or CONFLICT. */
  async create(caller: Caller, settings: RegistrationSettings): Promise<string> {
    const checked = checkSettings(settings, false);
    const uuid = crypto.randomUUID();
    const now = this.#clock();
    const credential = checked.credential === "" ? null : this.#box.seal(uuid, checked.credential);
    await this.#database.write(async (tx) => {
      await requireRoom(tx);
      await requireUnique(tx, checked, null);
      await tx
        .insertInto("scanner_registration")
        .values({ uuid, ...columnsOf(checked), credential, is_default: 0, created_at: now, updated_at: now })
        .execute();
      await this.#record(tx, caller, "create", checked.name);
    });
    return uuid;
  }

  /** Keeps the credential where none is given. Throws BAD_REQUEST, CONFLICT, FORBIDDEN, NOT_FOUND. */
  async update(caller: Caller, uuid: string, settings: RegistrationSettings): Promise<void> {
    await this.#database.write(async (tx) => {
      const before = await requireChangeable(tx, uuid);
      const row = await tx
        .selectFrom("scanner_registration")
        .select("credential")
        .where("uuid", "=", uuid)
        .executeTakeFirstOrThrow();
      const checked = checkSettings(settings, row.credential !== null);
      if (checked.disabled && before.isDefault) {
        throw new BreakwaterError(
          "BAD_REQUEST",
          "The default scanner cannot be disabled; make another one the default first.",
        );
      }
      // A credential goes to the host that it was given for, and nowhere else.
      if (checked.auth !== "" && checked.credential === "" && !sameOrigin(checked.url, before.url)) {
        throw new BreakwaterError(
          "BAD_REQUEST",
          "A scanner at another host needs its access_credential anew.",
        );
      }
      await requireUnique(tx, checked, uuid);
      const given = checked.credential === "" ? row.credential : this.#box.seal(uuid, checked.credential);
      const credential = checked.auth === "" ? null : given;
      const values = { ...columnsOf(checked), credential, updated_at: this.#clock() };
      await tx.updateTable("scanner_registration").set(values).where("uuid", "=", uuid).execute();
      await this.#record(tx, caller, "update", checked.name);
    });
  }

  /** Its reports go with it; projects that used it use the default. Throws FORBIDDEN or NOT_FOUND. */
  async delete(caller: Caller, uuid: string): Promise<Registration> {
    return this.#database.write(async (tx) => {
      const registration = await requireChangeable(tx, uuid);
      for (const table of ["project_scanner", "scanner_run", "scanner_report", "scanner_finding"] as const) {
        await tx.deleteFrom(table).where("scanner", "=", uuid).execute();
      }
      await tx.deleteFrom("scanner_registration").where("uuid", "=", uuid).execute();
      await this.#record(tx, caller, "delete", registration.name);
      return registration;
    });
  }

  /** Throws BAD_REQUEST for a disabled one, or NOT_FOUND. */
  async setDefault(caller: Caller, uuid: string): Promise<void> {
    await this.#database.write(async (tx) => {
      const { name } = await requireUsable(tx, uuid);
      await tx
        .updateTable("scanner_registration")
        .set((e) => ({ is_default: e.case().when("uuid", "=", uuid).then(1).else(0).end() }))
        .execute();
      await this.#record(tx, caller, "update", name, "made it the default");
    });
  }

  /** Throws BAD_REQUEST for a disabled one, or NOT_FOUND. */
  async setOfProject(
    caller: Caller,
    project: { readonly id: number; readonly name: string },
    uuid: string,
  ): Promise<void> {
    await this.#database.write(async (tx) => {
      const { name } = await requireUsable(tx, uuid);
      await tx
        .insertInto("project_scanner")
        .values({ project_id: project.id, scanner: uuid })
        .onConflict((conflict) => conflict.column("project_id").doUpdateSet({ scanner: uuid }))
        .execute();
      await this.#audit.record(tx, caller, {
        operation: "update",
        resourceType: "project",
        resource: project.name,
        projectId: project.id,
        detail: `scanner: ${name}`,
      });
    });
  }

  #open({ uuid, name }: Registration, sealed: Uint8Array): string {
    try {
      return this.#box.open(uuid, sealed);
    } catch (cause) {
      throw new AdapterError(
        `The scanner "${name}" cannot be asked: the credential that is kept for it cannot be decrypted.`,
        {
          cause,
          details:
            "It was encrypted with another installation's secret: give the scanner its access_credential anew.",
        },
      );
    }
  }

  #record(tx: Tx, caller: Caller, operation: string, resource: string, detail?: string): Promise<void> {
    const event = { operation, resourceType: "scanner", resource, projectId: null };
    return this.#audit.record(tx, caller, detail === undefined ? event : { ...event, detail });
  }
}

async function requireScanner(db: Parameters<typeof findScanner>[0], uuid: string): Promise<Registration> {
  const found = await findScanner(db, uuid);
  if (found !== null) return found;
  throw new BreakwaterError("NOT_FOUND", `There is no scanner with the id "${uuid.slice(0, 64)}".`);
}

async function requireChangeable(tx: Tx, uuid: string): Promise<Registration> {
  const found = await requireScanner(tx, uuid);
  if (found.uuid !== builtIn.uuid) return found;
  throw new BreakwaterError("FORBIDDEN", "The built-in scanner can be neither changed nor deleted.");
}

async function requireUsable(tx: Tx, uuid: string): Promise<Registration> {
  const found = await requireScanner(tx, uuid);
  if (!found.disabled) return found;
  throw new BreakwaterError("BAD_REQUEST", `The scanner "${found.name}" is disabled; enable it first.`);
}

async function requireRoom(tx: Tx): Promise<void> {
  const { count } = await tx
    .selectFrom("scanner_registration")
    .select((e) => e.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  if (Number(count) < maxScanners) return;
  throw new BreakwaterError("CONFLICT", `There are ${maxScanners} scanners already; delete one first.`);
}

async function requireUnique(
  tx: Tx,
  { name, url }: Pick<Registration, "name" | "url">,
  except: string | null,
): Promise<void> {
  const taken = await tx
    .selectFrom("scanner_registration")
    .select("name")
    .where((e) => e.or([e("name", "=", name), e("url", "=", url)]))
    .where("uuid", "!=", except ?? "")
    .executeTakeFirst();
  if (taken === undefined) return;
  throw new BreakwaterError("CONFLICT", `There is a scanner with that name or URL already: "${taken.name}".`);
}

function columnsOf({
  name,
  description,
  url,
  auth,
  skipCertVerify,
  useInternalAddress,
  disabled,
}: ReturnType<typeof checkSettings>) {
  return {
    name,
    description,
    url,
    auth,
    skip_cert_verify: skipCertVerify ? 1 : 0,
    use_internal_addr: useInternalAddress ? 1 : 0,
    disabled: disabled ? 1 : 0,
  };
}

function sameOrigin(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}
