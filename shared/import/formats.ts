import type { Format } from "./model.ts";

/*
 * Every format: a line for each folder. They are loaded when somebody imports, never by what serves flags.
 * formats.test.ts fails while a folder is not listed.
 */

const FORMATS = {
  configcat: () => import("./configcat/format.ts"),
  eppo: () => import("./eppo/format.ts"),
  "flagd-1": () => import("./flagd-1/format.ts"),
  flagd: () => import("./flagd/format.ts"),
  flagsmith: () => import("./flagsmith/format.ts"),
  growthbook: () => import("./growthbook/format.ts"),
  launchdarkly: () => import("./launchdarkly/format.ts"),
  posthog: () => import("./posthog/format.ts"),
  unleash: () => import("./unleash/format.ts"),
} as const satisfies Record<string, () => Promise<{ format: Format }>>;

export type Vendor = keyof typeof FORMATS;

/** What `from` may name. */
export const VENDORS = Object.keys(FORMATS) as [Vendor, ...Vendor[]];

export const formatOf = async (vendor: Vendor): Promise<Format> => (await FORMATS[vendor]()).format;
