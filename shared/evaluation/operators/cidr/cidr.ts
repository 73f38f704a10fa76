import type { Address } from "../../model/elements.ts";

export interface Network {
  readonly address: Address;
  /** Prefix length counted in IPv6 bits; an IPv4 /24 is 120. */
  readonly bits: number;
}

const OCTET = /^(?:0|[1-9]\d{0,2})$/;
const GROUP = /^[\dA-Fa-f]{1,4}$/;
const PREFIX = /^(?:0|[1-9]\d{0,2})$/;

function parseV4(text: string): number | null {
  const octets = text.split(".");
  if (octets.length !== 4) return null;
  let word = 0;
  for (const octet of octets) {
    if (!OCTET.test(octet) || Number(octet) > 255) return null;
    word = word * 256 + Number(octet);
  }
  return word;
}

/** Null unless the text is one IPv4 or IPv6 address (RFC 4291 forms, no zone). */
export function parseAddress(text: string): Address | null {
  if (text.length > 45) return null;
  if (!text.includes(":")) {
    const word = parseV4(text);
    return word === null ? null : [0, 0, 0xffff, word];
  }
  let tail = text;
  const last = text.slice(text.lastIndexOf(":") + 1);
  if (last.includes(".")) {
    const word = parseV4(last);
    if (word === null) return null;
    tail = `${text.slice(0, -last.length)}${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
  }
  const halves = tail.split("::");
  if (halves.length > 2) return null;
  const [head = [], rest = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const gap = 8 - head.length - rest.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return null;
  const groups = [...head, ...Array<string>(gap).fill("0"), ...rest];
  if (!groups.every((group) => GROUP.test(group))) return null;
  const word = (at: number): number =>
    Number.parseInt(groups[at] ?? "0", 16) * 65_536 + Number.parseInt(groups[at + 1] ?? "0", 16);
  return [word(0), word(2), word(4), word(6)];
}

/** `10.0.0.0/8`, `2001:db8::/32`, or a single address. Bits beyond the prefix do not matter. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (!address) return null;
  if (slash < 0) return { address, bits: 128 };
  const prefix = text.slice(slash + 1);
  const dotted = !text.includes(":");
  if (!PREFIX.test(prefix) || Number(prefix) > (dotted ? 32 : 128)) return null;
  return { address, bits: Number(prefix) + (dotted ? 96 : 0) };
}

/** IPv4, mapped or not. */
export const isV4 = (address: Address): boolean => address[0] === 0 && address[1] === 0 && address[2] === 0xffff;

/** Negative, zero or positive, by their numbers. */
export const compareAddresses = (a: Address, b: Address): number =>
  a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];

/** The least address that the network's prefix allows. */
export function firstAddress({ address, bits }: Network): Address {
  const masked = (word: number): number => {
    const kept = Math.min(32, Math.max(0, bits - word * 32));
    return kept === 0 ? 0 : ((address[word] as number) & (-1 << (32 - kept))) >>> 0;
  };
  return [masked(0), masked(1), masked(2), masked(3)];
}

/**
 * Whether an address lies in a network. An IPv4 address, mapped or not, lies only in IPv4 networks: `::/0` means
 * "any IPv6" to its author.
 */
export function contains(network: Network, address: Address): boolean {
  if (network.bits < 96 && isV4(address)) return false;
  for (let word = 0; word < 4; word++) {
    const bits = network.bits - word * 32;
    if (bits <= 0) return true;
    const differing = ((network.address[word] ?? 0) ^ (address[word] ?? 0)) >>> 0;
    if (bits >= 32 ? differing !== 0 : differing >>> (32 - bits) !== 0) return false;
  }
  return true;
}
