import { EppoClient, MemoryOnlyConfigurationStore } from "@eppo/js-client-sdk-common";

const METHODS = {
  STRING: "getStringAssignment",
  BOOLEAN: "getBooleanAssignment",
  NUMERIC: "getNumericAssignment",
  INTEGER: "getIntegerAssignment",
  JSON: "getJSONAssignment",
};

/** An answer that no file has. */
const NONE = Symbol("none");

export const attributes = {};
export const flagsOf = (document) => Object.keys(document.flags).map((key) => ({ key }));

export async function open(document) {
  const store = new MemoryOnlyConfigurationStore();
  await store.setEntries(document.flags);
  const client = new EppoClient({ flagConfigurationStore: store });
  client.setIsGracefulFailureMode(true);
  return {
    answer(flag, { targetingKey, ...attributes }) {
      const method = METHODS[document.flags[flag].variationType];
      if (method === undefined) return undefined;
      // JSON's default is written as a text and read again.
      const none = method === METHODS.JSON ? {} : NONE;
      const value = client[method](flag, targetingKey, attributes, none);
      return value === none || (none !== NONE && JSON.stringify(value) === "{}") ? undefined : value;
    },
    close() {},
  };
}
