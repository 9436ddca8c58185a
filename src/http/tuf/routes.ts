import { BreakwaterError, type Caller } from "../../kernel/index.ts";
import { TrustRefusal } from "../../trust/index.ts";
import { asRefusal } from "../errors.ts";
import type { Exchange } from "../exchange.ts";
import { getChanges } from "./changefeed.ts";
import { tufError } from "./errors.ts";
import { getMetadata } from "./get-metadata.ts";
import { findOperation, type GunOperation, type Operation } from "./operations.ts";
import { publish } from "./publish.ts";
import type { Need, TrustAction, TufServices } from "./services.ts";

const text = { "Content-Type": "text/plain; charset=utf-8" } as const;
/** Methods that are answered with a 404 where they do nothing; others with a 405. */
const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE"]);

/** The contract, section 1, "Token actions needed". */
const actions: Readonly<Record<GunOperation["name"], readonly TrustAction[]>> = {
  UpdateTUF: ["push", "pull"],
  GetRole: ["pull"],
  GetRoleByHash: ["pull"],
  GetRoleByVersion: ["pull"],
  GetKey: ["push", "pull"],
  RotateKey: ["*"],
  DeleteTUF: ["*"],
  Changefeed: ["pull"],
};

/** Answers a request of Notary's API (the contract, section 1). Refusals become answers here. */
export async function handleTuf(
  exchange: Exchange,
  services: TufServices,
  onRefusal: (refusal: BreakwaterError) => void,
): Promise<Response> {
  let need: Need = { kind: "base" };
  try {
    if (!methods.has(exchange.request.method)) return new Response(null, { status: 405 });
    const path = decode(exchange.path);
    const clean = cleanPath(path);
    if (clean !== path) return new Response(null, { status: 301, headers: { Location: encodeURI(clean) } });
    const operation = findOperation(exchange.request.method, path);
    if (operation === null) throw nothingHere();
    if (operation.name === "Health") return await getHealth(services);
    requirePrefix(operation, services.gunPrefixes);
    need = needOf(operation);
    const caller = await services.authorize(exchange, need);
    return await perform(operation, exchange, services, caller);
  } catch (error) {
    if (error instanceof TrustRefusal) {
      if (error.code === "UNKNOWN")
        onRefusal(new BreakwaterError("UNKNOWN", error.message, { cause: error }));
      return tufError(error);
    }
    const refusal = asRefusal(error);
    onRefusal(refusal);
    const response = tufError(refusal);
    if (refusal.code === "UNAUTHORIZED") {
      response.headers.set("WWW-Authenticate", services.challenge(exchange, need));
    }
    return response;
  }
}

async function perform(
  operation: Exclude<Operation, { name: "Health" }>,
  { request, query }: Exchange,
  { trust }: TufServices,
  caller: Caller,
): Promise<Response> {
  switch (operation.name) {
    case "Base":
      return new Response("{}", { headers: text });
    case "UpdateTUF":
      return publish(trust, caller, operation.gun, request);
    case "GetRole":
    case "GetRoleByHash":
    case "GetRoleByVersion":
      return getMetadata(trust, operation.gun, operation.role, operation.query);
    case "GetKey":
      return new Response(await trust.key(operation.gun, operation.role), { headers: text });
    case "RotateKey":
      return new Response(await trust.rotateKey(caller, operation.gun, operation.role), { headers: text });
    case "DeleteTUF":
      await trust.delete(caller, operation.gun);
      return new Response(null);
    case "Changefeed":
      return getChanges(trust, operation.gun, query);
    case "AllChanges":
      return getChanges(trust, null, query);
  }
}

async function getHealth(services: TufServices): Promise<Response> {
  const failed = await services.health();
  const status = Object.keys(failed).length === 0 ? 200 : 503;
  return new Response(JSON.stringify(failed), {
    status,
    headers: { "Content-Type": "application/json; charset=utf-8" },
  });
}

function needOf(operation: Exclude<Operation, { name: "Health" }>): Need {
  if (operation.name === "Base") return { kind: "base" };
  if (operation.name === "AllChanges") return { kind: "catalog" };
  return { kind: "repository", gun: operation.gun, actions: actions[operation.name] };
}

/** The contract, section 7, `gun_prefixes`: looked at before who asks. */
function requirePrefix(operation: Operation, prefixes: readonly string[]): void {
  if (!("gun" in operation) || prefixes.length === 0) return;
  if (prefixes.some((prefix) => operation.gun.startsWith(prefix))) return;
  if (operation.name !== "UpdateTUF") throw nothingHere();
  const detail = `Require GUNs with prefix: [${prefixes.join(" ")}]`;
  throw new TrustRefusal("INVALID_GUN", detail, detail);
}

function nothingHere(): TrustRefusal {
  return new TrustRefusal("METADATA_NOT_FOUND", "There is nothing under this path.");
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw nothingHere();
  }
}

/** The path without empty components and dots, as Notary redirects to it. */
function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const component of path.split("/")) {
    if (component === "..") kept.pop();
    else if (component !== "" && component !== ".") kept.push(component);
  }
  const end = path.endsWith("/") && kept.length > 0 ? "/" : "";
  return `/${kept.join("/")}${end}`;
}
