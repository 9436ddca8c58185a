export { type Authority, ensureAuthority } from "./authority.ts";
export type { ServerCertificate } from "./certificate.ts";
export { certificateNames } from "./names.ts";
export { type ListenerOptions, RenewableListener } from "./renewable-listener.ts";
export {
  ensureServerCertificate,
  readServerCertificate,
  type ServerCertificateOptions,
} from "./server-certificate.ts";
export { type CertificateWatch, type CertificateWatchOptions, watchCertificate } from "./watch.ts";
