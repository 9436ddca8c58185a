declare const scheme: unique symbol;

/** A version that was read once, to be compared many times. Only the order that read it knows what it is. */
export interface Version {
  readonly [scheme]: true;
}

/** One scheme's rules. */
export interface VersionOrder {
  /** Null where the scheme's own tool would refuse the text, or could not place it. */
  parse(text: string): Version | null;
  /** Below 0 where `a` comes first, above 0 where `b` does, 0 where neither. Both are of this order's `parse`. */
  compare(a: Version, b: Version): number;
}

/** What a scheme makes of a version is its own affair: beyond its file all are the same. */
export function defineOrder<V>(
  parse: (text: string) => V | null,
  compare: (a: V, b: V) => number,
): VersionOrder {
  return { parse, compare } as unknown as VersionOrder;
}
