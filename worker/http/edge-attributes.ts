/** What the network knows of a request; clients cannot set it. */
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
}

const BOT = /bot\b|crawl|spider|slurp|headless|lighthouse|preview|monitor/i;
const TABLET = /ipad|tablet|kindle|silk|android(?!.*mobile)/i;
const MOBILE = /mobi|iphone|ipod|android/i;

/** `edge.*` of the evaluation context, from Cloudflare's request properties and the user agent. */
export function edgeAttributes(request: Request): EdgeAttributes {
  const cf = (request.cf ?? {}) as Partial<IncomingRequestCfProperties> & { botManagement?: { verifiedBot?: boolean } };
  const agent = request.headers.get("User-Agent") ?? "";
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
  const ip = request.headers.get("CF-Connecting-IP");
  if (ip) attributes.ip = ip;
  return attributes;
}
