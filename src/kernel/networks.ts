import { BlockList, isIP, isIPv6 } from "node:net";

/** A set of networks, given as CIDR: `10.0.0.0/8`, `fd00::/8`; a bare address is a network of one. */
export class Networks {
  readonly #list = new BlockList();

  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = "", bits] = network.split("/");
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      const whole = family === "ipv6" ? 128 : 32;
      this.#list.addSubnet(address, bits === undefined ? whole : Number(bits), family);
    }
  }

  /** False of what is no address. */
  contains(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 6 ? "ipv6" : "ipv4");
  }
}
