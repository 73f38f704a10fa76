import { InMemStorageProvider, Unleash } from "unleash-client";

/*
 * An adapter: what the vendor's own SDK answers, offline. `answer` gives the value, and undefined for the caller's
 * default; `contexts` says which attributes and values are worth trying beside those that the file names.
 */

/** OpenFeature's context as Unleash's provider makes it. */
function contextOf({ targetingKey, sessionId, remoteAddress, environment, appName, currentTime, ...properties }) {
  return { userId: targetingKey, sessionId, remoteAddress, environment, appName, currentTime, properties };
}

const payloadOf = (feature, variant) => {
  const all = [feature.variants, ...(feature.strategies ?? []).map((one) => one.variants)]
    .flatMap((variants) => ((variants ?? []).reduce((sum, { weight }) => sum + weight, 0) > 0 ? variants : []))
    .map(({ payload }) => payload);
  if (!variant.payload) return variant.name;
  const { value } = variant.payload;
  if (all.every((one) => one?.type === "number")) return Number(value);
  if (all.every((one) => one?.type === "json")) return JSON.parse(value);
  return String(value);
};

export const random = (flag) => JSON.stringify(flag).includes('"random"');
export const attributes = {
  sessionId: ["s1", "s2", "s3", "session-77"],
  remoteAddress: ["127.0.0.1", "10.1.2.3", "2001:db8::1"],
};
export const flagsOf = (document) =>
  document.features.map((feature) => ({ key: feature.name, isVariant: hasVariants(feature) }));
const hasVariants = ({ variants, strategies }) =>
  [variants, ...(strategies ?? []).map((one) => one.variants)].some(
    (all) => (all ?? []).reduce((sum, { weight }) => sum + weight, 0) > 0,
  );

export async function open(document) {
  const client = new Unleash({
    appName: "verify",
    url: "http://127.0.0.1:1/",
    refreshInterval: 0,
    disableMetrics: true,
    skipInstanceCountWarning: true,
    storageProvider: new InMemStorageProvider(),
    bootstrap: { data: document.features, segments: document.segments ?? [] },
  });
  client.on("error", () => {});
  client.on("warn", () => {});
  await new Promise((resolve) => {
    client.once("ready", resolve);
    setTimeout(resolve, 5_000);
  });
  const features = new Map(document.features.map((feature) => [feature.name, feature]));
  return {
    answer(flag, context) {
      const feature = features.get(flag);
      const asked = contextOf(context);
      if (!hasVariants(feature)) return client.isEnabled(flag, asked);
      const variant = client.getVariant(flag, asked);
      return variant.enabled ? payloadOf(feature, variant) : undefined;
    },
    close: () => client.destroy(),
  };
}
