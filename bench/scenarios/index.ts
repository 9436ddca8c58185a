import type { Scenario } from "../scenario.ts";
import { blobGet } from "./blob-get.ts";
import { dockerImage } from "./docker-image.ts";
import { garbageCollection } from "./garbage-collection.ts";
import { inventory } from "./inventory.ts";
import { knownImage } from "./known-image.ts";
import { largeRegistry } from "./large-registry.ts";
import { layerPullPlain, layerPullTls } from "./layer-pull.ts";
import { layerPush } from "./layer-push.ts";
import { manifestGet } from "./manifest-get.ts";
import { matching } from "./matching.ts";
import { scaling } from "./scaling.ts";
import { startup } from "./startup.ts";
import { trust } from "./trust.ts";
import { vulndb } from "./vulndb.ts";

/** In the order of the table. */
export const scenarios: readonly Scenario[] = [
  manifestGet,
  blobGet,
  layerPullTls,
  layerPullPlain,
  layerPush,
  dockerImage,
  largeRegistry,
  garbageCollection,
  trust,
  inventory,
  knownImage,
  matching,
  vulndb,
  scaling,
  startup,
];
