import { LIMITS } from "../../../shared/limits.ts";

/** What a page without an origin is called: a program that is no browser. */
export const AN_APP = "an app";

/**
 * A page's origin as an address bar shows it. Anybody can send any `Origin`, and the dashboard shows what is kept.
 *
 * @returns null: no origin of http or https, or too long
 */
export function pageOrigin(sent: string): string | null {
  if (sent === AN_APP || sent === "") return AN_APP;
  if (sent.length > LIMITS.doorOriginChars || !URL.canParse(sent)) return null;
  const { protocol, origin } = new URL(sent);
  return (protocol === "https:" || protocol === "http:") && origin.length <= LIMITS.doorOriginChars ? origin : null;
}
