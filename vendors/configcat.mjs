import { createConsoleLogger, getClient, LogLevel, PollingMode } from "configcat-node";

/** OpenFeature's context as ConfigCat's provider makes it. */
function userOf(context) {
  const { targetingKey, identifier, email, country } = context;
  const isText = (value) => typeof value === "string";
  const attribute = (value) =>
    typeof value === "object" && !(Array.isArray(value) && value.every(isText)) ? JSON.stringify(value) : value;
  const given = Object.entries(context).filter(([, value]) => value !== null && value !== undefined);
  return {
    identifier: targetingKey ?? identifier,
    email: isText(email) ? email : undefined,
    country: isText(country) ? country : undefined,
    custom: Object.fromEntries(given.map(([name, value]) => [name, attribute(value)])),
  };
}

let opened = 0;

export const attributes = {};
export const flagsOf = (document) => Object.keys(document.f).map((key) => ({ key }));

export async function open(document) {
  const cache = { set() {}, get: () => `${Date.now()}\nverify\n${JSON.stringify(document)}` };
  // A client for each key, so each file needs a key of its own.
  const key = `configcat-sdk-1/${"v".repeat(22)}/${String(opened++).padStart(22, "0")}`;
  const logger = createConsoleLogger(LogLevel.Off);
  const client = getClient(key, PollingMode.ManualPoll, { cache, offline: true, logger });
  return {
    async answer(flag, context) {
      return (await client.getValueAsync(flag, null, userOf(context))) ?? undefined;
    },
    close: () => client.dispose(),
  };
}
