import { ErrorCode, OpenFeature, type Provider } from "@openfeature/server-sdk";
import { ProviderEvents, OpenFeature as Web, type Provider as WebProvider } from "@openfeature/web-sdk";
import { afterEach, describe, expect, test } from "vitest";
import { forEachVariant, type VariantRun, variantRuns } from "./for-each-variant.ts";
import { PinnedProvider, PinnedWebProvider } from "./pinned-provider.ts";
import type { FlagDocument } from "./project.ts";

const banner: FlagDocument = {
  key: "banner",
  variants: { off: "none", sale: "Sale", spring: "Spring", gone: "never served" },
  offVariant: "off",
  state: {
    enabled: true,
    fallthrough: {
      split: [
        { variant: "sale", weight: 50_000 },
        { variant: "spring", weight: 50_000 },
        { variant: "gone", weight: 0 },
      ],
    },
  },
};

afterEach(async () => {
  await OpenFeature.clearProviders();
  await Web.clearProviders();
});

describe("a run for each variant", () => {
  test("calls once for each that users can be served, with a provider that serves it", async () => {
    const served: Record<string, unknown> = {};
    await forEachVariant(banner, async ({ name, provider }) => {
      await OpenFeature.setProviderAndWait(provider());
      const { value, variant, reason } = await OpenFeature.getClient().getStringDetails("banner", "default");
      expect(reason).toBe("STATIC");
      served[name] = [value, variant];
    });
    expect(served).toEqual({
      "banner=sale": ["Sale", "sale"],
      "banner=spring": ["Spring", "spring"],
      "banner=off": ["none", "off"],
    });
  });

  test("one after the other, the next when the one before has ended", async () => {
    const steps: string[] = [];
    await forEachVariant(banner, async ({ variants }) => {
      steps.push(`begin ${variants.banner}`);
      await Promise.resolve();
      steps.push(`end ${variants.banner}`);
    });
    expect(steps).toEqual(["sale", "spring", "off"].flatMap((one) => [`begin ${one}`, `end ${one}`]));
  });

  test("synchronously where `run` is, as `describe` must be called", () => {
    const named: string[] = [];
    expect(forEachVariant(banner, ({ name }) => void named.push(name))).toBeUndefined();
    expect(named).toHaveLength(3);
  });

  test("a failing run fails the whole, and no later one begins", async () => {
    let runs = 0;
    const run = async () => {
      runs++;
      throw new Error("broken");
    };
    await expect(forEachVariant(banner, run)).rejects.toThrow("broken");
    expect(runs).toBe(1);
  });

  test("no value leaves the code's default", async () => {
    const [run] = variantRuns({ ...banner, offVariant: null, state: { ...banner.state, enabled: false } });
    expect([run?.name, run?.values.banner]).toEqual(["banner=(code default)", undefined]);
    await OpenFeature.setProviderAndWait((run as VariantRun).provider());
    expect(await OpenFeature.getClient().getStringValue("banner", "default")).toBe("default");
  });
});

// Each combination is a suite of its own, as in an app.
describe.each(variantRuns(banner))("with $name", ({ values, webProvider }) => {
  test("the web SDK reads it at once", async () => {
    await Web.setProviderAndWait(webProvider());
    expect(Web.getClient().getStringValue("banner", "default")).toBe(values.banner);
  });
});

describe("pinned values", () => {
  test("of every type, for the server SDK", async () => {
    const provider: Provider = new PinnedProvider({ on: true, text: "a", number: 0, json: { deep: [1] } });
    await OpenFeature.setProviderAndWait(provider);
    const flags = OpenFeature.getClient();
    expect(await flags.getBooleanValue("on", false)).toBe(true);
    expect(await flags.getStringValue("text", "")).toBe("a");
    expect(await flags.getNumberValue("number", 1)).toBe(0);
    expect(await flags.getObjectValue("json", {})).toEqual({ deep: [1] });
  });

  test("an unknown flag and another type are the code's default, and say why", async () => {
    await OpenFeature.setProviderAndWait(new PinnedProvider({ on: true }));
    const flags = OpenFeature.getClient();
    expect(await flags.getBooleanDetails("constructor", false)).toMatchObject({
      value: false,
      errorCode: ErrorCode.FLAG_NOT_FOUND,
    });
    expect(await flags.getStringDetails("on", "x")).toMatchObject({ value: "x", errorCode: ErrorCode.TYPE_MISMATCH });
  });

  test("a change while a page is open is told to its client", async () => {
    const provider = new PinnedWebProvider({ on: false });
    await Web.setProviderAndWait(provider satisfies WebProvider);
    const flags = Web.getClient();
    const told: unknown[] = [];
    flags.addHandler(ProviderEvents.ConfigurationChanged, (details) => told.push(details?.flagsChanged));
    provider.pin("on", true, "treatment");
    expect(flags.getBooleanDetails("on", false)).toMatchObject({ value: true, variant: "treatment" });
    provider.unpin("on");
    expect(flags.getBooleanValue("on", false)).toBe(false);
    expect(told).toEqual([["on"], ["on"]]);
  });
});
