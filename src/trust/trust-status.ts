/** A role that signed a tag with the digest that counts. */
export interface TagSigner {
  readonly role: string;
  /** Canonical ids of the keys that have signed for it. */
  readonly keys: readonly string[];
  /** When this version of the role's targets was published; milliseconds since 1970. */
  readonly publishedAt: number;
}

export interface SignedDigest {
  readonly gun: string;
  /** `sha256:` and the hash that is signed. */
  readonly digest: string;
  readonly signers: readonly TagSigner[];
  /** Until when clients take the signatures; milliseconds since 1970. */
  readonly until: number;
}

/** What clients that verify would make of a tag. */
export type TrustStatus =
  | { readonly state: "unsigned" }
  | ({ readonly state: "signed" | "expired" } & SignedDigest)
  /** The tag points to something else than what is signed. */
  | ({ readonly state: "tampered" } & SignedDigest)
  /** The metadata in the database is not what anybody signed: nothing can be said of the tag. */
  | { readonly state: "tampered"; readonly gun: string; readonly reason: string };

const ranks = { unsigned: 0, expired: 1, signed: 2, tampered: 3 } as const;

/**
 * What several statuses of one artifact come to: nobody is believed where something is tampered with; else it is
 * signed by all who have signed it, until the last of the signatures ends.
 */
export function together(statuses: readonly TrustStatus[]): TrustStatus {
  let all: TrustStatus = { state: "unsigned" };
  for (const status of statuses) {
    if (ranks[status.state] > ranks[all.state]) all = status;
    else if (status.state === "signed" && all.state === "signed") all = both(all, status);
  }
  return all;
}

function both<S extends SignedDigest>(a: S, b: S): S {
  const others = b.signers.filter((signer) => !includes(a.signers, signer));
  return { ...a, signers: [...a.signers, ...others], until: Math.max(a.until, b.until) };
}

function includes(signers: readonly TagSigner[], { role, publishedAt }: TagSigner): boolean {
  return signers.some((known) => known.role === role && known.publishedAt === publishedAt);
}
