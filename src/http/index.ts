export { type ApiServices, createApi } from "./api/index.ts";
export { createHandler } from "./listener.ts";
export { createLog, type Logger } from "./log.ts";
export { Metrics } from "./metrics.ts";
export { createSessionRoutes } from "./session/routes.ts";
export { createTokenRoutes } from "./token/routes.ts";
