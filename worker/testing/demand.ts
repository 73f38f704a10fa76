import type { testSettings } from "../../shared/schema/demand-test.ts";
import { type Answer, done, fetched, newShop } from "./http.ts";

type Settings = (typeof testSettings)["_input"];
export const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/153.0 Safari/537.36";

export const aDoor = (over: Partial<Extract<Settings, { kind: "fake-door" }>> = {}): Settings => ({
  kind: "fake-door",
  share: 100_000,
  wording: { message: "Gift cards are not here yet.", thanks: "Thank you" },
  bar: 0.03,
  targetPeople: 10_000,
  ...over,
});

export const aDesk = (over: Partial<Extract<Settings, { kind: "wizard-of-oz" }>> = {}): Settings => ({
  kind: "wizard-of-oz",
  share: 100_000,
  deadlineSeconds: 60,
  fallback: { text: "We will write to you" },
  ...over,
});

/** A shop with a test of these settings, running. */
export async function withTest(flag: string, settings: Settings) {
  const shop = await newShop();
  const at = `${shop.state}/${flag}`;
  await done("PUT", `${at}/test`, { settings });
  if (settings.kind !== "dark-launch") await done("POST", `${at}/test/start`, {});
  return { ...shop, test: `${at}/test`, results: async () => done("GET", `${at}/results`) };
}

/** What a page sends: no headers of its own, so that it needs no preflight. */
export const sent = (
  path: string,
  body: unknown,
  { ip = "203.0.113.7", agent = BROWSER, origin = "https://shop.example" } = {},
): Promise<Answer> =>
  fetched(path, {
    method: "POST",
    headers: { "Content-Type": "text/plain", "CF-Connecting-IP": ip, "User-Agent": agent, Origin: origin },
    body: JSON.stringify(body),
  });
