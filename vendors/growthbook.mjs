import { GrowthBookClient } from "@growthbook/growthbook";

export const attributes = {};
export const flagsOf = (document) => Object.keys(document.features).map((key) => ({ key }));

export async function open(document) {
  const client = new GrowthBookClient({}).initSync({ payload: document });
  return {
    answer(flag, context) {
      const { targetingKey } = context;
      const isNamed = context.id !== undefined || targetingKey === undefined;
      const { value } = client.evalFeature(flag, { attributes: isNamed ? context : { ...context, id: targetingKey } });
      return value ?? undefined;
    },
    close: () => client.destroy(),
  };
}
