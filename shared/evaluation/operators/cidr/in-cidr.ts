import { FALSE, TRUE, UNKNOWN } from "../../model/truth.ts";
import type { ValueTest } from "../../model/value-test.ts";
import { contains, type Network, parseAddress, parseNetwork } from "./cidr.ts";

export function cidrTest(values: string[]): ValueTest {
  const networks = values.map(parseNetwork).filter((network): network is Network => network !== null);
  const otherwise = networks.length === 0 || networks.length < values.length ? UNKNOWN : FALSE;
  return (value) => {
    const address = typeof value === "string" ? parseAddress(value) : null;
    if (!address) return UNKNOWN;
    for (const network of networks) if (contains(network, address)) return TRUE;
    return otherwise;
  };
}
