import { awaitOrder } from "./child.ts";

// The whole program of the process that compiles a database, so that it starts without the rest of Breakwater.
awaitOrder();
