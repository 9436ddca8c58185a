import { BreakwaterError, type ProxyChoice } from "../../kernel/index.ts";

export type AdapterAuth = "" | "Basic" | "Bearer" | "APIKey";

/** A scanner, as it is registered. */
export interface Registration {
  readonly uuid: string;
  readonly name: string;
  readonly description: string;
  /** Of the adapter, without a slash at the end; empty of the built-in scanner. */
  readonly url: string;
  readonly auth: AdapterAuth;
  readonly skipCertVerify: boolean;
  /** Whether it is to pull from the address of this server's own listener rather than from the external URL. */
  readonly useInternalAddress: boolean;
  readonly disabled: boolean;
  readonly isDefault: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What it takes to speak to an adapter. */
export interface AdapterAccess extends Pick<Registration, "name" | "url" | "auth" | "skipCertVerify"> {
  /** `name:password` for Basic; null without one. */
  readonly credential: string | null;
  readonly proxy: (url: URL) => ProxyChoice;
}

/** What administrators say of a scanner. */
export interface RegistrationSettings {
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly auth: string;
  /** Empty for none, or for the one that is kept already. */
  readonly credential: string;
  readonly skipCertVerify: boolean;
  readonly useInternalAddress: boolean;
  readonly disabled: boolean;
}

/** Breakwater's own scanner: it is always there, and nobody changes it. */
export const builtIn: Registration = {
  uuid: "b4ea6a7e-0000-4000-8000-000000000001",
  name: "Breakwater",
  description: "The built-in scanner",
  url: "",
  auth: "",
  skipCertVerify: false,
  useInternalAddress: false,
  disabled: false,
  isDefault: true,
  createdAt: 0,
  updatedAt: 0,
};

const auths: readonly string[] = ["", "Basic", "Bearer", "APIKey"] satisfies readonly AdapterAuth[];
/** What would end a header, or is in no credential. */
const printable = /^[\x20-\x7e]*$/;

/** The settings with a URL without a slash at its end, or BAD_REQUEST. `kept` tells that there is a credential already. */
export function checkSettings(
  settings: RegistrationSettings,
  kept: boolean,
): RegistrationSettings & { readonly auth: AdapterAuth } {
  const { name, description, auth, credential } = settings;
  if (name.trim() === "" || name.length > 128 || /\p{Cc}/u.test(name)) {
    throw invalid("The name of a scanner must have 1 to 128 characters.");
  }
  if (name.toLowerCase() === builtIn.name.toLowerCase()) {
    throw invalid(`The name "${builtIn.name}" is the built-in scanner's; choose another.`);
  }
  if (description.length > 1024 || description.includes("\0")) {
    throw invalid("The description of a scanner must have at most 1024 characters.");
  }
  if (!isAuth(auth)) {
    throw invalid(
      `The authentication "${auth.slice(0, 40)}" is not known: use Basic, Bearer, APIKey or none.`,
    );
  }
  if (!printable.test(credential) || credential.length > 4096) {
    throw invalid("The credential of a scanner must have at most 4096 printable ASCII characters.");
  }
  if (auth !== "" && credential === "" && !kept) {
    throw invalid(`The authentication ${auth} needs an access_credential.`);
  }
  return { ...settings, auth, url: checkUrl(settings.url) };
}

function isAuth(text: string): text is AdapterAuth {
  return auths.includes(text);
}

function checkUrl(text: string): string {
  const url = text.length > 512 ? null : URL.parse(text.trim());
  const good =
    url !== null &&
    (url.protocol === "http:" || url.protocol === "https:") &&
    url.username === "" &&
    url.password === "" &&
    url.search === "" &&
    url.hash === "";
  if (!good) {
    throw invalid(
      "The URL of a scanner must be http:// or https://, a host, and at most a path: credentials have a field of their own.",
    );
  }
  return url.href.replace(/\/+$/, "");
}

function invalid(message: string): BreakwaterError {
  return new BreakwaterError("BAD_REQUEST", message);
}
