/**
 * The part of an address that tells networks apart and not people in them: /24 of IPv4, /48 of IPv6. Null for what is
 * no address.
 */
export function networkPrefix(address: string): string | null {
  const mapped = /^(?:.*:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.\d{1,3}$/.exec(address);
  if (mapped) return `${mapped[1]}.${mapped[2]}.${mapped[3]}`;
  if (!/^[0-9a-f:]+$/i.test(address) || !address.includes(":")) return null;
  const [head = "", tail] = address.toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail ? tail.split(":") : [];
  const gap = tail === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return [...before, ...gap, ...after]
    .slice(0, 3)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(":");
}

/** The network of an address as people write it: `203.0.113.0/24`, `2001:db8:1::/48`. */
export function networkName(address: string): string {
  const prefix = networkPrefix(address);
  if (prefix === null) return "unknown";
  return prefix.includes(":") ? `${prefix}::/48` : `${prefix}.0/24`;
}
