import { BreakwaterError, type Caller } from "../../kernel/index.ts";
import { TrustRefusal } from "../../trust/index.ts";
import { asRefusal } from "../errors.ts";
import type { Exchange } from "../exchange.ts";
import { getChanges } from "./changefeed.ts";
import { tufError } from "./errors.ts";
import { getMetadata } from "./get-metadata.ts";
import { findOperation, type GunOperation, type Operation } from "./operations.ts";
import { publish } from "./publish.ts";
import { json, plainText, reply } from "./reply.ts";
import type { Need, TrustAction, TufServices } from "./services.ts";

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
  const started = performance.now();
  const { request } = exchange;
  if (!methods.has(request.method)) return new Response(null, { status: 405 });
  const path = decode(exchange.path);
  if (path === null) return tufError(nothingHere());
  const clean = cleanPath(path);
  if (clean !== path) return new Response(null, { status: 301, headers: { Location: encodeURI(clean) } });
  const operation = findOperation(request.method, path);
  if (operation === null) return tufError(nothingHere());
  const response = await answer(operation, exchange, services, onRefusal);
  if ("gun" in operation || operation.name === "AllChanges") {
    const name = operation.name === "AllChanges" ? "Changefeed" : operation.name;
    services.metrics.count(name, request, response, (performance.now() - started) / 1000);
  }
  return response;
}

async function answer(
  operation: Operation,
  exchange: Exchange,
  services: TufServices,
  onRefusal: (refusal: BreakwaterError) => void,
): Promise<Response> {
  const need = needOf(operation);
  try {
    if (operation.name === "Health") return await getHealth(services);
    requirePrefix(operation, services.gunPrefixes);
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
  exchange: Exchange,
  { trust }: TufServices,
  caller: Caller,
): Promise<Response> {
  switch (operation.name) {
    case "Base":
      return reply("{}", plainText);
    case "UpdateTUF":
      return publish(trust, caller, operation.gun, exchange.request);
    case "GetRole":
    case "GetRoleByHash":
    case "GetRoleByVersion":
      return getMetadata(trust, operation.gun, operation.role, operation.query);
    case "GetKey":
      return reply(await trust.key(operation.gun, operation.role), plainText);
    case "RotateKey":
      return reply(await trust.rotateKey(caller, operation.gun, operation.role), plainText);
    case "DeleteTUF":
      await trust.delete(caller, operation.gun);
      return new Response(null);
    case "Changefeed":
      return getChanges(trust, operation.gun, exchange.query);
    case "AllChanges":
      return getChanges(trust, null, exchange.query);
  }
}

async function getHealth(services: TufServices): Promise<Response> {
  const failed = await services.health();
  return reply(JSON.stringify(failed), json, Object.keys(failed).length === 0 ? 200 : 503);
}

function needOf(operation: Operation): Need {
  if (operation.name === "AllChanges") return { kind: "catalog" };
  if (operation.name === "Base" || operation.name === "Health") return { kind: "base" };
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

/** The path without percent signs; null when they stand for no text. */
function decode(path: string): string | null {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

/** What hardly any path holds: an empty component, or one of dots. */
const unclean = /\/(?:\.{0,2}\/|\.{1,2}$)/;

/** The path without empty components and dots, as Notary redirects to it. */
function cleanPath(path: string): string {
  if (path.startsWith("/") && !unclean.test(path)) return path;
  const kept: string[] = [];
  for (const component of path.split("/")) {
    if (component === "..") kept.pop();
    else if (component !== "" && component !== ".") kept.push(component);
  }
  const end = path.endsWith("/") && kept.length > 0 ? "/" : "";
  return `/${kept.join("/")}${end}`;
}
