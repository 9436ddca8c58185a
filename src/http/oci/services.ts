import type { Access } from "../../access/index.ts";
import type { AuditLog } from "../../events/index.ts";
import type { Rights } from "../../projects/index.ts";
import type { Registry } from "../../registry/index.ts";
import type { Verdicts } from "../../verdict/index.ts";

/** What the registry's own API is made of. */
export interface OciServices {
  readonly access: Access;
  readonly rights: Rights;
  readonly registry: Registry;
  readonly verdicts: Verdicts;
  readonly audit: AuditLog;
  /** Scheme, host and port, without a slash at the end. */
  readonly externalUrl: string;
  /** The `service` of tokens. */
  readonly tokenService: string;
}
