import { PostHog } from "posthog-node";

export const attributes = {};
export const flagsOf = (document) => document.flags.map(({ key }) => ({ key }));

export async function open(document) {
  const reply = { status: 200, headers: { get: () => undefined }, text: async () => "{}", json: async () => document };
  const client = new PostHog("phc_verify", {
    personalApiKey: "phx_verify",
    host: "http://127.0.0.1:1",
    fetch: async () => reply,
  });
  await client.reloadFeatureFlags();
  return {
    answer(flag, { targetingKey, groups, groupProperties, ...personProperties }) {
      if (!targetingKey) return undefined;
      const how = { onlyEvaluateLocally: true, sendFeatureFlagEvents: false };
      return client.getFeatureFlag(flag, targetingKey, { ...how, groups, groupProperties, personProperties });
    },
    close: () => client.shutdown(100),
  };
}
