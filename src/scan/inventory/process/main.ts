import { readLayerAndExit } from "./child.ts";

// The whole program of the process that reads a layer, so that it starts without the rest of Breakwater.
await readLayerAndExit(process.argv.slice(2));
