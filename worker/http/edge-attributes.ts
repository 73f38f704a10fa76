import { isSynthetic, SYNTHETIC_HEADER } from "../crypto/synthetic.ts";

/** What the network knows of a request. Clients cannot set it, except for `bot` and `device`: those follow the user agent. */
export interface EdgeAttributes {
  country?: string;
  region?: string;
  city?: string;
  continent?: string;
  asn?: number;
  colo?: string;
  timezone?: string;
  ip?: string;
  bot?: boolean;
  device?: "mobile" | "tablet" | "desktop";
  /** Signed as synthetic traffic of this environment. */
  synthetic?: boolean;
}

const BOT = /bot\b|crawl|spider|slurp|headless|lighthouse|preview|monitor/i;
const TABLET = /ipad|tablet|kindle|silk|android(?!.*mobile)/i;
const MOBILE = /mobi|iphone|ipod|android/i;

/** What a signature is checked with. */
export interface Signer {
  readonly sealKey: string | undefined;
  readonly compiled: { readonly environment: string };
}

/**
 * `edge.*` of the evaluation context, from Cloudflare's request properties, the user agent and, where it is known whose
 * environment is asked, the signature of synthetic traffic.
 */
export function edgeAttributes(request: Request, signer?: Signer): EdgeAttributes {
  const agent = request.headers.get("User-Agent") ?? "";
  const attributes = networkAttributes(request.cf ?? {}, agent, request.headers.get("CF-Connecting-IP"));
  const signature = signer?.sealKey ? request.headers.get(SYNTHETIC_HEADER) : null;
  if (signature !== null && signer?.sealKey)
    attributes.synthetic = isSynthetic(signature, signer.sealKey, signer.compiled.environment, Date.now());
  return attributes;
}

/** What Cloudflare's properties of a visitor's request, its user agent and its address say. */
export function networkAttributes(properties: object, agent: string, ip: string | null): EdgeAttributes {
  const cf = properties as Partial<IncomingRequestCfProperties> & { botManagement?: { verifiedBot?: boolean } };
  const attributes: EdgeAttributes = {
    bot: cf.botManagement?.verifiedBot === true || BOT.test(agent),
    device: TABLET.test(agent) ? "tablet" : MOBILE.test(agent) ? "mobile" : "desktop",
  };
  if (cf.country) attributes.country = cf.country;
  if (cf.region) attributes.region = cf.region;
  if (cf.city) attributes.city = cf.city;
  if (cf.continent) attributes.continent = cf.continent;
  if (cf.asn) attributes.asn = cf.asn;
  if (cf.colo) attributes.colo = cf.colo;
  if (cf.timezone) attributes.timezone = cf.timezone;
  if (ip) attributes.ip = ip;
  return attributes;
}
