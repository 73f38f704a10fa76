import type { Value, ValueFault } from "../family.ts";
import { parseAddress, parseNetwork } from "./cidr.ts";

/** Why the evaluator reads no network in a value of a test, and the network that is probably meant. */
export function networkFault(value: Value): ValueFault | null {
  if (typeof value !== "string" || parseNetwork(value)) return null;
  const [written = "", prefix] = value.replace(/\s/g, "").split("/", 2);
  const address = plainAddress(written);
  const bits = written.includes(":") ? 128 : 32;
  if (prefix !== undefined && parseAddress(address) && /^\d+$/.test(prefix) && Number(prefix) > bits)
    return { reason: `has a prefix of more than ${bits} bits`, corrected: `${address}/${bits}` };
  const corrected = prefix === undefined ? (wildcard(address) ?? address) : `${address}/${prefixLength(prefix)}`;
  return {
    reason: "is no IP address or network such as 10.0.0.0/8 or 2001:db8::/32",
    corrected: parseNetwork(corrected) ? corrected : undefined,
  };
}

/** Without the brackets of an address in a URL, the zone of a link, and leading zeros. */
function plainAddress(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  return bare.includes(":") ? bare : bare.replace(/(^|\.)0+(?=\d)/g, "$1");
}

/** `10.0.*` as a network. */
function wildcard(text: string): string | null {
  const octets = text.split(".");
  const fixed = octets.indexOf("*");
  if (fixed < 1 || octets.length > 4 || octets.slice(fixed).some((octet) => octet !== "*")) return null;
  return `${[...octets.slice(0, fixed), "0", "0", "0"].slice(0, 4).join(".")}/${fixed * 8}`;
}

/** Digits without leading zeros, or how long a netmask such as 255.255.0.0 is. */
function prefixLength(text: string): string {
  const mask = text.includes(".") ? parseAddress(text)?.[3] : undefined;
  if (mask === undefined) return text.replace(/^0+(?=\d)/, "");
  const length = Math.clz32(~mask);
  return length === 32 || mask << length === 0 ? String(length) : text;
}
