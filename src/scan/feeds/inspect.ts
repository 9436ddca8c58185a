import { VulnerabilityDatabase } from "../vulndb/index.ts";
import type { Inspect } from "./exchange.ts";

export const inspectDatabase: Inspect = async (file) => {
  using database = await VulnerabilityDatabase.open(file);
  return database.manifest;
};
