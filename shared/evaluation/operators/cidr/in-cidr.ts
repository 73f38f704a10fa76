import type { Address } from "../../model/elements.ts";
import { FALSE, TRUE, UNKNOWN } from "../../model/truth.ts";
import type { ValueTest } from "../../model/value-test.ts";
import { firstFrom } from "../sorted.ts";
import { compareAddresses, contains, firstAddress, type Network, parseAddress, parseNetwork } from "./cidr.ts";

export function cidrTest(values: string[]): ValueTest {
  const networks = values.map(parseNetwork).filter((network): network is Network => network !== null);
  const otherwise = networks.length === 0 || networks.length < values.length ? UNKNOWN : FALSE;
  const starts = networks.map((network) => ({ network, first: firstAddress(network) }));
  const test: ValueTest = (value) => {
    const address = typeof value === "string" ? parseAddress(value) : null;
    if (!address) return UNKNOWN;
    for (const network of networks) if (contains(network, address)) return TRUE;
    return otherwise;
  };
  test.elements = ({ addresses: { v4, v6 } }) => {
    if (v4.length + v6.length === 0) return UNKNOWN;
    // Addresses of one network stand together, so that the first from its beginning on tells. One of both kinds holds
    // IPv6 only, which is why they stand apart.
    const some = (addresses: readonly Address[], network: Network, first: Address): boolean => {
      const at = addresses[firstFrom(addresses, (address) => compareAddresses(address, first) < 0)];
      return at !== undefined && contains(network, at);
    };
    for (const { network, first } of starts) if (some(v4, network, first) || some(v6, network, first)) return TRUE;
    return otherwise;
  };
  return test;
}
