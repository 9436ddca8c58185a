import type { Access } from "../../access/index.ts";
import type { AuditLog } from "../../events/index.ts";
import type { Rights } from "../../projects/index.ts";
import type { ScanOrders } from "../../scan/index.ts";

/** What the scanner API is made of. */
export interface ScannerApiServices {
  readonly access: Pick<Access, "credentials">;
  readonly rights: Pick<Rights, "require">;
  readonly audit: Pick<AuditLog, "recordNow">;
  readonly orders: ScanOrders;
}
