declare module "pino-roll" {
  import type { DestinationStream } from "pino";

  /** The package ships no types of its own; see its README, "Options". */
  export default function open(options: {
    readonly file: string;
    readonly extension: string;
    readonly size: string;
    readonly limit: { readonly count: number; readonly removeOtherLogFiles: boolean };
    readonly mkdir: boolean;
    readonly sync: boolean;
  }): Promise<DestinationStream>;
}
