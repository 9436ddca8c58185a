/** A point in time as metadata writes it: RFC 3339, with any offset. */
export interface Instant {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Minutes east of UTC, for showing it as its author wrote it. */
  readonly offset: number;
}

const pattern = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** What Go takes a date for that is not there: long past. */
export const never: Instant = { at: Date.parse("0001-01-01T00:00:00Z"), offset: 0 };

/** Parses RFC 3339; null when `text` is not that, or no such day exists. */
export function parseInstant(text: string): Instant | null {
  const [, date, time, fraction = "", sign, hours, minutes] = pattern.exec(text) ?? [];
  if (date === undefined || time === undefined) return null;
  const at = Date.parse(`${date}T${time}.${fraction.padEnd(3, "0").slice(0, 3)}Z`);
  // The thirtieth of February is rolled over into March by some parsers, and is nothing to Go's.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== date) return null;
  const east = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  if (Number(hours ?? 0) > 24 || Number(minutes ?? 0) > 60) return null;
  const offset = sign === "-" ? -east : east;
  return { at: at - offset * 60_000, offset };
}

/** `Sat Nov 21 21:01:24 UTC 2026`: as Notary writes dates in its messages. */
export function showInstant({ at, offset }: Instant): string {
  const local = new Date(at + offset * 60_000);
  const two = (number: number) => String(number).padStart(2, "0");
  const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(two).join(":");
  const zone =
    offset === 0
      ? "UTC"
      : `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const day = `${days[local.getUTCDay()]} ${months[local.getUTCMonth()]} ${local.getUTCDate()}`;
  return `${day} ${time} ${zone} ${String(local.getUTCFullYear()).padStart(4, "0")}`;
}
