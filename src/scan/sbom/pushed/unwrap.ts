import { z } from "zod";
import { BreakwaterError } from "../../../kernel/index.ts";

const envelope = z.object({ payload: z.string() });
const bundle = z.object({ dsseEnvelope: envelope });
const statement = z.object({ predicate: z.unknown() });

/**
 * The document in an in-toto statement, which lies there by itself, in a DSSE envelope, or in a bundle of sigstore's.
 * Signatures are not looked at. Throws BAD_REQUEST for what is none.
 */
export function unwrap(content: Uint8Array): Uint8Array {
  const outer = parse(content);
  const sealed = bundle.safeParse(outer).data?.dsseEnvelope ?? envelope.safeParse(outer).data;
  const inner = sealed === undefined ? outer : parse(Buffer.from(sealed.payload, "base64"));
  const predicate = statement.safeParse(inner).data?.predicate;
  if (typeof predicate !== "object" || predicate === null) throw unreadable();
  return new TextEncoder().encode(JSON.stringify(predicate));
}

function parse(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(content));
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(cause?: unknown): BreakwaterError {
  return new BreakwaterError(
    "BAD_REQUEST",
    "The attestation is not what its media type says: it holds no in-toto statement with an SBOM.",
    { cause },
  );
}
