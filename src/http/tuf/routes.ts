import { callerOf, type Named } from "../../access/index.ts";
import { attempted, BreakwaterError, type Soon, soon } from "../../kernel/index.ts";
import { type Trust, TrustRefusal } from "../../trust/index.ts";
import { asRefusal } from "../errors.ts";
import type { Exchange } from "../exchange.ts";
import { getChanges } from "./changefeed.ts";
import { tufError } from "./errors.ts";
import { getMetadata } from "./get-metadata.ts";
import type { GunOperation, Operation } from "./operations.ts";
import { publish } from "./publish.ts";
import { json, plainText, type Reply, reply, respond, sizeOf } from "./reply.ts";
import { findRequestTarget } from "./request-target.ts";
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
export function handleTuf(
  exchange: Exchange,
  services: TufServices,
  onRefusal: (refusal: BreakwaterError) => void,
): Soon<Response> {
  const { request, requestId } = exchange;
  if (!methods.has(request.method)) return respond(reply(null, {}, 405), requestId);
  const target = findRequestTarget(request.method, exchange.path);
  if (target === null) return respond(tufError(nothingHere()), requestId);
  if (typeof target === "string") return respond(reply(null, { Location: target }, 301), requestId);
  const started = performance.now();
  const answer = attempted(
    () => perform(target, exchange, services),
    (error) => refuse(error, target, exchange, services, onRefusal),
  );
  return soon(answer, (answered) => {
    if ("gun" in target || target.name === "AllChanges") {
      const name = target.name === "AllChanges" ? "Changefeed" : target.name;
      const seconds = (performance.now() - started) / 1000;
      services.metrics.count(name, request, answered.status, sizeOf(answered), seconds);
    }
    return respond(answered, requestId);
  });
}

function perform(operation: Operation, exchange: Exchange, services: TufServices): Soon<Reply> {
  if (operation.name === "Health") return getHealth(services);
  requirePrefix(operation, services.gunPrefixes);
  return soon(services.authorize(exchange, needOf(operation)), (who) =>
    performFor(who, operation, exchange, services.trust),
  );
}

function performFor(
  who: Named,
  operation: Exclude<Operation, { name: "Health" }>,
  exchange: Exchange,
  trust: Trust,
): Soon<Reply> {
  // Only of those who change something it matters where they are.
  const caller = () => callerOf(who, exchange.address, exchange.requestId);
  switch (operation.name) {
    case "Base":
      return reply("{}", plainText);
    case "UpdateTUF":
      return publish(trust, caller(), operation.gun, exchange.request);
    case "GetRole":
    case "GetRoleByHash":
    case "GetRoleByVersion":
      return getMetadata(trust, operation.query);
    case "GetKey":
      return soon(trust.key(operation.gun, operation.role), (key) => reply(key, plainText));
    case "RotateKey":
      return soon(trust.rotateKey(caller(), operation.gun, operation.role), (key) => reply(key, plainText));
    case "DeleteTUF":
      return soon(trust.delete(caller(), operation.gun), () => reply(null));
    case "Changefeed":
      return getChanges(trust, operation.gun, exchange.query);
    case "AllChanges":
      return getChanges(trust, null, exchange.query);
  }
}

function refuse(
  error: unknown,
  operation: Operation,
  exchange: Exchange,
  services: TufServices,
  onRefusal: (refusal: BreakwaterError) => void,
): Reply {
  if (error instanceof TrustRefusal) {
    if (error.code === "UNKNOWN") onRefusal(new BreakwaterError("UNKNOWN", error.message, { cause: error }));
    return tufError(error);
  }
  const refusal = asRefusal(error);
  onRefusal(refusal);
  const refused = tufError(refusal);
  if (refusal.code === "UNAUTHORIZED") {
    refused.headers.set("WWW-Authenticate", services.challenge(exchange, needOf(operation)));
  }
  return refused;
}

async function getHealth(services: TufServices): Promise<Reply> {
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
