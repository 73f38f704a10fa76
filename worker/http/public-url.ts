import { contains, parseAddress, parseNetwork } from "../../shared/evaluation/operators/cidr/cidr.ts";

/** Everything that IANA's special-purpose registries (RFC 6890 and later) keep out of the public Internet. */
const CLOSED = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  // Of IPv6 only 2000::/3 is public, and of that not what embeds or documents other addresses.
  "::/3",
  "4000::/2",
  "8000::/1",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
].map((text) => {
  const network = parseNetwork(text);
  if (!network) throw new Error(`${text} is no network`);
  return network;
});

/** Names that resolve inside somebody's own network, to loopback, or to whatever address stands in them. */
const CLOSED_NAMES =
  /(?:^|\.)(?:localhost6?|local|localdomain6?|internal|intranet|intra|private|corp|home|lan|svc|consul|docker|arpa|onion|alt|invalid|test|localtest\.me|localho\.st|lacolhost\.com|localdev\.me|local\.gd|traefik\.me|vcap\.me|lvh\.me|nip\.io|sslip\.io|xip\.io)$/;

/** A name of at least two labels (RFC 1123, with the underscores that exist), none of them empty, the last no number. */
const PUBLIC_NAME =
  /^(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?!(?:\d+|0x[0-9a-f]*)$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Why a webhook may not be sent there; null when it may: https, a public name or address, no user and password. The
 * URL parser has turned decimal, octal and hexadecimal IPv4 into dotted form and full-width or percent-encoded letters
 * into plain ones before this looks. What it leaves as a name must have a name's form: resolvers disagree about what
 * `127.0.0.1..` means, so it is refused. `local` (development only) lets http and private addresses pass.
 */
export function targetProblem(text: string, local: boolean): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "this is no URL";
  }
  if (url.protocol !== "https:" && !(local && url.protocol === "http:")) return "use https";
  if (url.username || url.password) return "a user name or password in the URL is not sent; put a secret in its path";
  if (local) return null;
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  const address = parseAddress(host.startsWith("[") ? host.slice(1, -1) : host);
  if (address) return CLOSED.some((network) => contains(network, address)) ? "this address is not public" : null;
  if (host.startsWith("[")) return "this address is not public";
  return PUBLIC_NAME.test(host) && !CLOSED_NAMES.test(host) ? null : "this name is not public";
}
