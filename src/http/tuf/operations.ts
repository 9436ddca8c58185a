import { MetadataQuery, type ServerRole } from "../../trust/index.ts";

type Named<Name extends string, Rest> = Name extends string ? { readonly name: Name } & Rest : never;

interface OfGun {
  readonly gun: string;
}

interface OfRole extends OfGun {
  readonly query: MetadataQuery;
}

interface OfKey extends OfGun {
  readonly role: ServerRole;
}

/** What is done with the trust data of one GUN, by the names that Notary's metrics have for it. */
export type GunOperation =
  | Named<"UpdateTUF" | "DeleteTUF" | "Changefeed", OfGun>
  | Named<"GetRole" | "GetRoleByHash" | "GetRoleByVersion", OfRole>
  | Named<"GetKey" | "RotateKey", OfKey>;

export type Operation = GunOperation | Named<"AllChanges" | "Base" | "Health", unknown>;

const role = "(root|targets(?:/[^/\\s]+)*|snapshot|timestamp)";
const byHash = new RegExp(`^tuf/${role}\\.([a-fA-F0-9]{64}|[a-fA-F0-9]{96}|[a-fA-F0-9]{128})\\.json$`);
const byVersion = new RegExp(`^tuf/([0-9]+)\\.${role}\\.json$`);
const current = new RegExp(`^tuf/${role}\\.json$`);
const key = /^tuf\/(snapshot|timestamp)\.key$/;

/** True of the paths that are Notary's wherever they are asked for: no repository's name has such a component. */
export function isTrustPath(path: string): boolean {
  return (path.startsWith("/v2/") && path.includes("/_trust/")) || path.startsWith("/_notary_server/");
}

/** What a request is for (the contract, section 1); null where nothing is. `path` without percent signs. */
export function findOperation(method: string, path: string): Operation | null {
  if (method === "GET") {
    if (path === "/v2/") return { name: "Base" };
    if (path === "/_notary_server/health") return { name: "Health" };
    if (path === "/v2/_trust/changefeed") return { name: "AllChanges" };
  }
  // A GUN may hold slashes, so that what is behind it is found from the end.
  const cut = path.lastIndexOf("/_trust/");
  const gun = path.slice(4, Math.max(cut, 4));
  if (!path.startsWith("/v2/") || gun === "" || gun.includes("*")) return null;
  const rest = path.slice(cut + "/_trust/".length);
  switch (method) {
    case "GET":
      return rest === "changefeed"
        ? { name: "Changefeed", gun }
        : (findMetadata(gun, rest) ?? findKey(gun, rest, "GetKey"));
    case "POST":
      return rest === "tuf/" ? { name: "UpdateTUF", gun } : findKey(gun, rest, "RotateKey");
    case "DELETE":
      return rest === "tuf/" ? { name: "DeleteTUF", gun } : null;
    default:
      return null;
  }
}

function findMetadata(gun: string, rest: string): Operation | null {
  const [, hashed, hash] = byHash.exec(rest) ?? [];
  if (hashed !== undefined && hash !== undefined) {
    const query = new MetadataQuery(gun, hashed, { kind: "sha256", sha256: hash });
    return { name: "GetRoleByHash", gun, query };
  }
  const [, version, versioned] = byVersion.exec(rest) ?? [];
  if (version !== undefined && versioned !== undefined) {
    return {
      name: "GetRoleByVersion",
      gun,
      query: new MetadataQuery(gun, versioned, { kind: "version", version }),
    };
  }
  const [, latest] = current.exec(rest) ?? [];
  if (latest === undefined) return null;
  return { name: "GetRole", gun, query: new MetadataQuery(gun, latest, { kind: "current" }) };
}

function findKey(gun: string, rest: string, name: "GetKey" | "RotateKey"): Operation | null {
  const [, of] = key.exec(rest) ?? [];
  return of === "snapshot" || of === "timestamp" ? { name, gun, role: of } : null;
}
