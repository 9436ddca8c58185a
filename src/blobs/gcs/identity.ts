import { sign } from "node:crypto";
import { GoogleAuth, JWT } from "google-auth-library";
import { readKey, type ServiceAccountKey } from "./key.ts";
import type { GcsOptions } from "./options.ts";

/** Who we are to Google. */
export interface Identity {
  /** The headers that prove it to the service. */
  headers(): Promise<Headers>;
  /** The service account's name. */
  email(): Promise<string>;
  /** The account's RSA signature (PKCS #1 v1.5, SHA-256) of a text. */
  sign(text: string): Promise<Buffer>;
}

const scopes = ["https://www.googleapis.com/auth/devstorage.read_write"];

/** Throws CONFIG_INVALID where there is to be a key and none can be read. */
export async function identityFor(key: GcsOptions["key"]): Promise<Identity> {
  return key === null ? ofTheMachine() : ofKey(await readKey(key));
}

/** Tokens that we sign ourselves: Google takes them like those that it would make of them, which need a request. */
function ofKey({ email, id, pem, key }: ServiceAccountKey): Identity {
  const client = new JWT({ email, key: pem, scopes, ...(id === undefined ? {} : { keyId: id }) });
  client.useJWTAccessWithScope = true;
  return {
    headers: () => client.getRequestHeaders(),
    email: async () => email,
    sign: async (text) => sign("sha256", Buffer.from(text), key),
  };
}

/**
 * What Google calls the application's default: GOOGLE_APPLICATION_CREDENTIALS, which may be a federated workload
 * identity's, the file of its tools, or the metadata of the machine or cluster. Without a key at hand, Google signs.
 */
function ofTheMachine(): Identity {
  // Nothing asks for the project. Without one the library would look for it, by running Google's tools among others.
  const auth = new GoogleAuth({ scopes, projectId: "-" });
  auth.useJWTAccessWithScope = true;
  return {
    headers: () => auth.getRequestHeaders(),
    async email() {
      const { client_email } = await auth.getCredentials();
      if (client_email === undefined) throw new Error("Google's credentials name no service account.");
      return client_email;
    },
    sign: async (text) => Buffer.from(await auth.sign(text), "base64"),
  };
}
