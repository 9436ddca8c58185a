import { z } from "zod";
import { isCsaf, readCsaf } from "./csaf.ts";
import { invalidVex, limits } from "./invalid.ts";
import { isOpenVex, readOpenVex } from "./openvex.ts";
import type { VexDocument, VexProduct } from "./statement.ts";

const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/);
const envelope = z.object({
  payloadType: z.literal("application/vnd.in-toto+json"),
  payload: base64,
  signatures: z.array(z.unknown()).max(100),
});
const bundle = z.object({ dsseEnvelope: envelope });
const statement = z.object({
  _type: z.string().regex(/^https:\/\/in-toto\.io\/Statement\/v/),
  predicateType: z.string(),
  subject: z.array(z.object({ digest: z.record(z.string(), z.string()) })).max(1_000),
  predicate: z.looseObject({}),
});

/** Reads an OpenVEX or CSAF document by itself. Throws BAD_REQUEST. */
export function readVex(json: object): VexDocument {
  return readDocument(json, []);
}

/**
 * Reads what is attached to an image: a document; or an in-toto statement that holds one, by itself, in a DSSE
 * envelope or in a bundle of sigstore's. Whose signature is on those is not looked at: what counts is who pushed or
 * signed the referrer. Null for an attestation about something else. Throws BAD_REQUEST.
 */
export function readAttached(content: Uint8Array): VexDocument | null {
  const outer = parseVex(content);
  const sealed = bundle.safeParse(outer).data?.dsseEnvelope ?? envelope.safeParse(outer).data;
  const inner = sealed === undefined ? outer : parseVex(Buffer.from(sealed.payload, "base64"));
  const attested = statement.safeParse(inner).data;
  if (attested === undefined) return sealed === undefined ? readDocument(inner, []) : null;
  if (!/^https:\/\/openvex\.dev\/ns(?:\/|$)/.test(attested.predicateType)) return null;
  const digests = attested.subject.flatMap(({ digest }) => digest.sha256 ?? []);
  const around: VexProduct = {
    purls: [],
    digests: digests.map((hash) => `sha256:${hash.toLowerCase()}`),
    parts: null,
  };
  return readDocument(attested.predicate, [around]);
}

function readDocument(json: object, around: readonly VexProduct[]): VexDocument {
  if (isOpenVex(json)) return readOpenVex(json, around);
  if (isCsaf(json)) return readCsaf(json);
  throw invalidVex("it is neither OpenVEX nor CSAF");
}

/** The JSON of a document as it comes from outside. Throws BAD_REQUEST. */
export function parseVex(content: Uint8Array): object {
  if (content.length > limits.bytes) throw invalidVex(`it is larger than ${limits.bytes} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
  } catch (error) {
    throw invalidVex("it is not JSON", error);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw invalidVex("it is not a JSON object");
  }
  return json;
}
