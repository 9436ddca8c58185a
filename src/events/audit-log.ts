import { type AuditLogTable, batches, type Database, statement, type Tx } from "../db/index.ts";
import { type Caller, type Clock, systemCaller } from "../kernel/index.ts";

/** One thing that happened, or was refused. */
export interface AuditEvent {
  readonly operation: string;
  readonly resourceType: string;
  readonly resource: string;
  readonly projectId: number | null;
  readonly outcome?: "success" | "failure";
  readonly detail?: string;
}

type Row = Omit<AuditLogTable, "id">;

/** Records that may wait to be written: minutes of an outage under load, in some 50 MB. */
const maxPending = 100_000;
const overflowEvent: AuditEvent = {
  operation: "overflow",
  resourceType: "audit_log",
  resource: "audit_log",
  projectId: null,
  outcome: "failure",
  detail: "The database could not be written for so long that this many records of pulls were left out.",
};

const insert = statement((on, row: Row) =>
  on.insertInto("audit_log").values({
    at: row.at,
    actor: row.actor,
    actor_kind: row.actor_kind,
    address: row.address,
    operation: row.operation,
    resource_type: row.resource_type,
    resource: row.resource,
    project_id: row.project_id,
    outcome: row.outcome,
    detail: row.detail,
    times: row.times,
    request_id: row.request_id,
  }),
);

/**
 * The audit log. Changes are recorded in the transaction that makes them: no change without its record, no
 * record of what was rolled back. Pulls are gathered and written together by `flush`, equal ones as one
 * record that says how many times, because a write for each would cost more than the pull.
 */
export class AuditLog {
  readonly #database: Database;
  readonly #clock: Clock;
  #pending = new Map<string, Row>();
  #overflow: Row | null = null;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async record(tx: Tx, caller: Caller, event: AuditEvent): Promise<void> {
    await insert(tx, this.#row(caller, event));
  }

  /** For what has no transaction of its own: logins, refusals. */
  async recordNow(caller: Caller, event: AuditEvent): Promise<void> {
    await this.#database.write((tx) => this.record(tx, caller, event));
  }

  /** Takes note of an event that the next `flush` (each second, see `serve.ts`) will write. Never waits. */
  gather(caller: Caller, event: AuditEvent): void {
    const key = `${caller.name}\n${caller.address}\n${event.operation}\n${event.resource}\n${event.outcome}`;
    const same = this.#pending.get(key);
    if (same !== undefined) {
      same.times++;
      return;
    }
    // While the database cannot be written, what is gathered must not fill the memory: the rest is one record.
    if (this.#pending.size >= maxPending) {
      this.#overflow ??= { ...this.#row(systemCaller, overflowEvent), times: 0 };
      this.#overflow.times++;
      return;
    }
    this.#pending.set(key, this.#row(caller, event));
  }

  /** Writes what was gathered. If that fails, it is kept for the next time. */
  async flush(): Promise<void> {
    const taken = this.#pending;
    if (taken.size === 0) return;
    this.#pending = new Map();
    const overflow = this.#overflow;
    this.#overflow = null;
    const rows = [...taken.values(), ...(overflow === null ? [] : [overflow])];
    try {
      await this.#database.write(async (tx) => {
        for (const some of batches(rows)) await tx.insertInto("audit_log").values(some).execute();
      });
    } catch (error) {
      for (const [key, row] of this.#pending) {
        row.times += taken.get(key)?.times ?? 0;
        taken.set(key, row);
      }
      this.#pending = taken;
      this.#overflow ??= overflow;
      throw error;
    }
  }

  #row(caller: Caller, event: AuditEvent): Row {
    return {
      at: this.#clock(),
      actor: caller.name,
      actor_kind: caller.kind,
      address: caller.address,
      operation: event.operation,
      resource_type: event.resourceType,
      resource: event.resource,
      project_id: event.projectId,
      outcome: event.outcome ?? "success",
      detail: event.detail ?? null,
      times: 1,
      request_id: caller.requestId || null,
    };
  }

  /** Removes records older than `before`, a bounded number at a time; answers how many. */
  async purge(before: number, batch = 5_000): Promise<number> {
    for (let removed = 0; ; ) {
      const { numDeletedRows } = await this.#database.write((tx) =>
        tx
          .deleteFrom("audit_log")
          .where("id", "in", (from) =>
            from.selectFrom("audit_log").select("id").where("at", "<", before).limit(batch),
          )
          .executeTakeFirstOrThrow(),
      );
      removed += Number(numDeletedRows);
      if (numDeletedRows < batch) return removed;
    }
  }
}
